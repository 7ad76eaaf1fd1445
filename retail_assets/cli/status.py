"""`retail status`: what every dataset holds, lacks and failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import (
    NARROW,
    Column,
    Table,
    grouped,
    human_bytes,
    note,
    plural,
    print_table,
    say,
    show,
    show_json,
    some,
)
from retail_assets.engine.partition import dates_of
from retail_assets.inspection.instance import open_definitions, open_existing_instance

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform
    from retail_assets.assets.step import Step
    from retail_assets.contracts import Contract
    from retail_assets.inspection.records import CheckState

MOST_DATES = 5
MOST_FINDINGS = 3


@dataclass(frozen=True)
class DatasetStatus:
    """What one dataset holds, and what it lacks."""

    dataset: str
    partitions: int = 0
    first_date: str | None = None
    last_date: str | None = None
    missing_dates: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0
    last_materialized: datetime | None = None
    to_make: int | None = None
    failed_checks: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class PlatformStatus:
    """What a platform holds, lacks and has yet to take in."""

    data_dir: str
    datasets: tuple[DatasetStatus, ...]
    checks: tuple[CheckState, ...]
    landed: int
    pending: tuple[str, ...]
    blocked: Mapping[str, str]

    @property
    def problems(self) -> list[str]:
        """What keeps datasets from being read or made."""
        return [item.problem for item in self.datasets if item.problem]


def status(form: FormatOption = Format.table) -> None:
    """Show what each dataset holds, lacks and failed.

    Partitions, dates, missing days, rows, when it was last made and failed checks. "gaps" counts days missing between
    the first and the last, "to do" partitions that the next backfill makes, as far as is known before it starts.
    Exits with 1 where a dataset cannot be read or made.
    """
    found = platform_status(open_platform())
    if form is Format.json:
        show_json({**asdict(found), "checks": [asdict(check) for check in found.checks]})
    elif form is Format.csv:
        show(_facts(found), form)
    else:
        _print(found)
    for problem in dict.fromkeys(found.problems):  # all datasets of a source have the same
        note(f"damaged: {problem}")
    if found.problems:
        raise typer.Exit(1)


def platform_status(platform: Platform) -> PlatformStatus:
    """Everything that is known of the platform's datasets, from manifests, ledger and instance."""
    from retail_assets.assets.catalogue import marts_of, steps_of
    from retail_assets.assets.dataset_asset import asset_key
    from retail_assets.assets.declared_sources import declared_sources
    from retail_assets.inspection.records import check_states, last_materialized

    files, steps = platform.landing.files(), steps_of(platform.settings)
    with open_existing_instance(platform.settings) as instance:
        keys = [asset_key(step, output) for step in steps for output in step.outputs]
        times = last_materialized(instance, keys) if instance else {}
        checks = check_states(instance, open_definitions(platform.settings)) if instance else []
    datasets = [item for step in steps for item in _of_step(platform, step, times, checks)]
    broken = declared_sources(platform.settings).broken
    datasets += [DatasetStatus(source.name, problem=source.problem) for source in broken]
    datasets += [DatasetStatus(mart.name, problem=str(mart.error)) for mart in marts_of(platform.settings).broken]
    return PlatformStatus(
        data_dir=str(platform.settings.data_dir),
        datasets=tuple(datasets),
        checks=tuple(checks),
        landed=sum(entry.state == "landed" for entry in files.values()),
        pending=tuple(arrival.name for arrival in platform.landing.pending()),
        blocked={name: entry.detail for name, entry in files.items() if entry.state == "blocked"},
    )


def _of_step(
    platform: Platform, step: Step, times: Mapping[str, datetime], checks: Iterable[CheckState]
) -> Iterable[DatasetStatus]:
    to_make, problem = _to_make(platform, step)
    for item in step.contracts():
        name = step.label(item.name)
        failed = tuple(check.check for check in checks if check.dataset == name and check.state in ("failed", "warned"))
        found = _of_dataset(platform, step, item, name, times.get(name), to_make, failed)
        yield found if found.problem else replace(found, problem=problem)


def _to_make(platform: Platform, step: Step) -> tuple[int | None, str]:
    """Partitions of the known dates that are missing or stale; unknown where an input is damaged.

    What is damaged of a source is told with it: no dataset of its own shows that.
    """
    from retail_assets.assets.catalogue import is_on_demand
    from retail_assets.assets.marts import is_ready
    from retail_assets.assets.materialization import runnable, stale
    from retail_assets.assets.step import of_dates
    from retail_assets.sources.declared.errors import SourceUnavailable
    from retail_assets.sources.declared.source import GROUP
    from retail_assets.sources.postgres.connection import SourceError

    try:
        published = dates_of(platform.store(step).published(step.contracts()[0]))
        known = _known_dates(platform, step)
        days = sorted(published if is_on_demand(step) else {*known, *published})
        is_wanted = is_ready(platform, step) if step.mart else days or step.extracts or step.domain == GROUP
        wanted = of_dates(step.partitioning, days) if is_wanted else []
        return len(stale(platform, step, runnable(platform, step, wanted))), ""
    except (SourceUnavailable, SourceError) as error:
        return None, str(error)
    except ValueError:
        return None, ""


def _known_dates(platform: Platform, step: Step) -> list[str]:
    from retail_assets.assets.declared_sources import declared_days
    from retail_assets.assets.marts import mart_dates
    from retail_assets.assets.sales_days import known_days
    from retail_assets.sources.declared.source import GROUP

    if step.mart:
        return mart_dates(platform, step)
    if step.domain == GROUP:
        return declared_days(platform, step)
    return known_days(platform) if step.domain == "sales" else platform.landing.dates()


def _of_dataset(
    platform: Platform,
    step: Step,
    item: Contract,
    name: str,
    materialized: datetime | None,
    to_make: int | None,
    failed: tuple[str, ...],
) -> DatasetStatus:
    try:
        published = platform.store(step).published(item)
    except ValueError as error:
        return DatasetStatus(name, last_materialized=materialized, failed_checks=failed, problem=str(error))
    dates = sorted(dates_of(published))
    return DatasetStatus(
        dataset=name,
        partitions=len(published),
        first_date=dates[0] if dates else None,
        last_date=dates[-1] if dates else None,
        missing_dates=_missing(dates),
        rows=sum(entry.rows for entry in published.values()),
        bytes=sum(entry.bytes for entry in published.values()),
        last_materialized=materialized,
        to_make=to_make,
        failed_checks=failed,
    )


def _missing(dates: list[str]) -> tuple[str, ...]:
    """The dates between the first and the last that are not there."""
    if not dates:
        return ()
    first, last, present = date.fromisoformat(dates[0]), date.fromisoformat(dates[-1]), set(dates)
    every = ((first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1))
    return tuple(day for day in every if day not in present)


def _overview(found: PlatformStatus) -> Table:
    """What people look at first."""
    columns = [
        Column("dataset"),
        Column("parts", look=grouped),
        Column("days", folds_at=NARROW),
        Column("gaps", look=grouped),
        Column("rows", look=grouped),
        Column("made (UTC)", look=lambda moment: str(moment.strftime("%m-%d %H:%M"))),
        Column("checks", folds_at=NARROW),
        Column("to do", look=grouped, is_optional=True),
        Column("size", look=human_bytes, is_optional=True),
    ]
    rows = []
    for item in found.datasets:
        days = f"{item.first_date} to {item.last_date}" if item.first_date else None
        checks = ", ".join(item.failed_checks) or ("ok" if item.last_materialized else None)
        facts = (item.dataset, item.partitions, days, len(item.missing_dates), item.rows)
        rows.append((*facts, item.last_materialized, checks, item.to_make, item.bytes))
    return Table(columns, rows, absent="-")


def _facts(found: PlatformStatus) -> Table:
    """What programs read, a line a dataset."""
    names = [
        *("dataset", "partitions", "first_date", "last_date", "missing_days", "rows", "bytes"),
        *("last_materialized", "to_make", "failed_checks"),
    ]
    rows = [
        (
            *(item.dataset, item.partitions, item.first_date, item.last_date, len(item.missing_dates)),
            *(item.rows, item.bytes, item.last_materialized, item.to_make, " ".join(item.failed_checks)),
        )
        for item in found.datasets
    ]
    return Table.of(names, rows)


def _gaps(datasets: Iterable[DatasetStatus]) -> dict[tuple[str, ...], list[str]]:
    """The datasets that lack days, by the days that they lack."""
    found: dict[tuple[str, ...], list[str]] = {}
    for item in datasets:
        if item.missing_dates:
            found.setdefault(item.missing_dates, []).append(item.dataset)
    return found


def _print(found: PlatformStatus) -> None:
    say(f"{found.data_dir}: {plural(found.landed, 'file')} landed, {len(found.pending):,} waiting to be taken in")
    print_table(_overview(found))
    for dates, datasets in _gaps(found.datasets).items():
        say(f"{plural(len(dates), 'day')} missing ({some(dates, MOST_DATES)}) in {', '.join(datasets)}")
    for check in found.checks:
        if check.state in ("failed", "warned"):
            told = [f"{finding.partition or 'all'}: {finding.detail}" for finding in check.findings]
            say(f"{check.dataset}: check {check.check} {check.state} ({some(told, MOST_FINDINGS, '; ')})")
    for name, detail in found.blocked.items():
        say(f"blocked file {name}: {detail}")
    if found.pending:
        say(f"waiting: {some(found.pending, MOST_DATES)}")
    if found.pending or any(item.to_make for item in found.datasets):
        note(f"Next: {command_line('backfill')}")
