"""Steps of declared sources: what a source brings becomes a dataset of the lake, and its table in the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from string import Template

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Partitioning, Step, Upstream
from retail_assets.checks.drift import VOLUME
from retail_assets.contracts import contract
from retail_assets.contracts.loader import bring
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset, Rows
from retail_assets.engine.partition import dates_of
from retail_assets.engine.query import Query, sql_text
from retail_assets.settings import Settings
from retail_assets.sources.declared.dataset import REJECTED_ROWS, ROWS, rejected_query, rows_query
from retail_assets.sources.declared.intake import Intake
from retail_assets.sources.declared.source import DeclaredSource, Sources, read_sources
from retail_assets.sources.declared.state import SourceState

BLOCKED_FILES = Audit(
    "blocked_source_files",
    "Every file of the source could be read. Those that could not keep the rows that they had before. Warns only.",
    blocking=False,
)
REJECTED_SOURCE_ROWS = Audit("rejected_source_rows", "No row of the source is rejected. Warns only.", blocking=False)
SOURCE_NOTES = Audit(
    "source_notes", "The files have the columns that the contract knows, and days that have been. Warns only.",
    blocking=False,
)  # fmt: skip


def declared_sources(settings: Settings) -> Sources:
    """What the sources file of these settings declares."""
    found = read_sources(settings.sources_file)
    for source in found.sound:
        bring(source.contract)
        bring(source.rejected)
    return found


def has_declared_sources(settings: Settings) -> bool:
    """Whether anything is declared, sound or broken."""
    return read_sources(settings.sources_file) != Sources()


def declared_steps(settings: Settings) -> tuple[Step, ...]:
    """The steps of all declared sources that can be made."""
    return tuple(step for source in declared_sources(settings).sound for step in source_steps(source))


def declared_days(platform: Platform, step: Step) -> list[str]:
    """The days of a dated source that are to be made: those that its rows have, up to today, and those made before."""
    if step.partitioning == "none":
        return []
    (name,), today = step.outputs, platform.settings.today.isoformat()
    brought = {day for day in platform.intake(name).latest().days if day <= today}
    made = platform.stores["lake"].published(contract(name))
    return sorted({*brought, *dates_of(made)})


def source_steps(source: DeclaredSource) -> list[Step]:
    """The dataset, its rejected rows and, unless it shall have none, its table: upstream first."""
    partitioning: Partitioning = "date" if source.is_dated else "none"
    steps = [
        Step(
            name=source.name,
            store="lake",
            partitioning=partitioning,
            outputs=(source.name,),
            upstreams=(),
            queries=_rows_of(source),
            sql_files=(ROWS,),
            audits=(_books(source),),
            drifts=(VOLUME,) if source.is_dated else (),
            description=source.contract.purpose,
            source=source.name,
        ),
        Step(
            name=source.rejected.name,
            store="lake",
            partitioning="none",
            outputs=(source.rejected.name,),
            upstreams=(),
            queries=_rejected_of(source),
            sql_files=(REJECTED_ROWS,),
            audits=(BLOCKED_FILES, REJECTED_SOURCE_ROWS, SOURCE_NOTES),
            description=source.rejected.purpose,
            source=source.name,
        ),
    ]
    return [*steps, _table(source, partitioning)] if source.configuration.warehouse else steps


def _rows_of(source: DeclaredSource) -> Callable[..., Query]:
    def rows(settings: Settings) -> Query:
        state = Intake(settings, source).latest()
        found = rows_query(source, state)
        return _with(found, source_rows=_counted(source, state))

    return rows


def _rejected_of(source: DeclaredSource) -> Callable[..., Query]:
    def rejected(settings: Settings) -> Query:
        state = Intake(settings, source).latest()
        return _with(
            rejected_query(source, state),
            source_files=_files(state),
            source_reasons=_reasons(state),
            source_notes=_notes(state, settings.today),
        )

    return rejected


def _table(source: DeclaredSource, partitioning: Partitioning) -> Step:
    """The step that copies the dataset into the warehouse as it is."""
    order = [column.quoted for column in source.contract.columns if column.key_position or column.partition_position]
    sql = f'SELECT *\nFROM "{source.name}"\nORDER BY {", ".join(order) or "ALL"}'

    def copied(**dataset: Dataset) -> Query:
        return Query(f"warehouse/{source.name}", sql, dataset, same_as=source.name)

    return Step(
        name=f"warehouse_{source.name}",
        store="warehouse",
        partitioning=partitioning,
        outputs=(source.name,),
        upstreams=(Upstream(source.name, partitioning),),
        queries=copied,
        audited_upstream=True,
        description=f"The warehouse's table of {source.name}: {source.contract.purpose}",
    )


def _books(source: DeclaredSource) -> Audit:
    sql = sql_text("checks/source_books_by_date" if source.is_dated else "checks/source_books")
    described = "The dataset holds every row that was taken in and not rejected; of rows with the same key, the last."
    return Audit("source_books", described, sql=Template(sql).substitute(dataset=source.name))


def _with(found: Query, **inputs: Rows) -> Query:
    """The same query with more to read for its audits."""
    return Query(found.name, found.sql, {**found.inputs, **inputs})


def _counted(source: DeclaredSource, state: SourceState) -> Rows:
    """What was counted when the files were taken in."""
    kinds = {"date": "DATE", "rows": "BIGINT"}
    if not source.is_dated:
        return Rows.of(kinds, [(None, state.rows)])
    counted = ((date.fromisoformat(day), int(digest.partition("-")[0])) for day, digest in state.days.items())
    return Rows.of(kinds, counted)


def _files(state: SourceState) -> Rows:
    kinds = {"name": "VARCHAR", "rows": "BIGINT", "blocked": "VARCHAR"}
    return Rows.of(kinds, [(seen.name, seen.part.rows if seen.part else 0, seen.blocked) for seen in state.files])


def _reasons(state: SourceState) -> Rows:
    found = [(reason, rows) for part in state.parts for reason, rows in part.rejected.items()]
    return Rows.of({"reason": "VARCHAR", "rows": "BIGINT"}, found)


def _notes(state: SourceState, today: date) -> Rows:
    found = [
        (seen.name, kind, detail)
        for seen in state.files
        if seen.part
        for kind, detail in sorted(seen.part.notes.items())
    ]
    ahead = [day for day in state.days if day > today.isoformat()]
    if ahead:
        found.append(
            ("", "days_ahead", f"{len(ahead):,} days are yet to come and wait until then, the last {ahead[-1]}")
        )
    return Rows.of({"file": "VARCHAR", "kind": "VARCHAR", "detail": "VARCHAR"}, found)
