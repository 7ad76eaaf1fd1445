"""`retail marts` and `retail new-mart`: datasets that users bring, what is wrong with them, and how to begin one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import NARROW, Column, Table, note, plural, print_table, say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retail_assets.assets.marts import MartSteps
    from retail_assets.assets.platform import Platform
    from retail_assets.assets.step import Step
    from retail_assets.contracts import Contract


def marts(
    name: Annotated[str | None, typer.Argument(help="One mart, with its columns.", show_default="all")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Examine the marts: what they read, and what is wrong.

    A mart is a dataset of your own: an SQL file and a contract in the folder that RETAIL_MARTS_DIR names. Nothing is
    run; each SELECT is held against the contracts of what it reads and against its own. Exits with 1 where a mart is
    broken.
    """
    from retail_assets.assets.catalogue import marts_of

    platform = open_platform()
    found = marts_of(platform.settings)
    rows = [row for row in _rows(found) if name in (None, row["mart"])]
    if name and not rows:
        raise ValueError(f"there is no mart {name!r} in {platform.settings.marts_dir}")
    if form is Format.json:
        show_json(rows)
    else:
        _show(rows, form)
    if name and form is Format.table:
        _explain(platform, found, name)
    for hint in _hints(platform, found, name):
        note(f"hint: {hint}: say so in its contract (classification), or leave it out")
    broken = [row for row in rows if row["problem"]]
    for row in broken:
        note(f"{row['mart']} is broken: {row['problem']}")
    if not name and form is Format.table:
        note(f"A mart may read {', '.join(sorted(_readable(platform)))}.")
    if broken:
        raise typer.Exit(1)


def new_mart(
    name: Annotated[str, typer.Argument(help="What the mart shall be called, such as top_products.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="DATASET", help="What the first SELECT reads.", show_default=False)
    ] = None,
) -> None:
    """Begin a mart: write its SQL file, its contract, or both.

    With --from, a SELECT of all columns of a dataset to be cut down. Where NAME.sql is there already, only the
    contract that fits it: columns with their types, and what is known of columns of the same name.
    """
    from retail_assets.contracts.loader import contract_files
    from retail_assets.contracts.naming import bad_name
    from retail_assets.marts.drafting import draft_contract, draft_sql

    platform = open_platform()
    folder, known = platform.settings.marts_dir, _readable(platform)
    sql, contract = folder / f"{name}.sql", folder / f"{name}.yaml"
    if contract.exists():
        raise ValueError(f"{contract} is there already: change it by hand, or remove it to have it written anew")
    if problem := bad_name(name, {*contract_files(), *known}):
        raise ValueError(problem)
    if sql.exists() and source:
        raise ValueError(f"{sql} is there already: leave --from out for its contract alone, or remove it")
    if not sql.exists():
        if source not in known:
            raise ValueError(f"say with --from what {sql.name} shall read: {', '.join(sorted(known))}")
        folder.mkdir(parents=True, exist_ok=True)
        sql.write_text(draft_sql(known[source]), encoding="utf-8")
        say(f"{sql}: a first SELECT, to be cut down")
    contract.write_text(draft_contract(sql, known), encoding="utf-8")
    say(f"{contract}: its contract, with places to fill in")
    say(f"Then: {command_line(f'marts {name}')}, and {command_line('backfill')}")


def _readable(platform: Platform) -> dict[str, Contract]:
    """The datasets that a mart may read, other marts included."""
    from retail_assets.assets.catalogue import steps_of
    from retail_assets.assets.marts import readable

    return {item.contract.name: item.contract for item in readable(steps_of(platform.settings))}


def _rows(found: MartSteps) -> list[dict[str, Any]]:
    rows = []
    for step in found.steps:
        if step.store == "lake" and step.mart:
            reads = [f"{u.name} ({u.lookback_days + 1} days)" if u.lookback_days else u.name for u in step.upstreams]
            one = {"mart": step.name, "state": "ok", "partitions": step.partitioning, "reads": reads}
            rows.append(
                {**one, "columns": len(step.mart.contract.columns), "table": step.mart.has_table, "problem": ""}
            )
    nothing: dict[str, Any] = {"partitions": None, "reads": [], "columns": None, "table": None}
    rows += [{"mart": mart.name, "state": "broken", **nothing, "problem": str(mart.error)} for mart in found.broken]
    return rows


def _show(rows: list[dict[str, Any]], form: Format) -> None:
    columns = [
        *(Column("mart"), Column("state"), Column("partitions"), Column("reads", look=", ".join, folds_at=NARROW)),
        *(Column("columns"), Column("table", "warehouse table", look=lambda there: "yes" if there else "no")),
    ]
    values = [tuple(value for name, value in row.items() if name != "problem") for row in rows]
    if rows:
        show(Table(columns, values, absent="-"), form)
    elif form is Format.table:
        say("There are no marts.")


def _explain(platform: Platform, found: MartSteps, name: str) -> None:
    """A mart's files and columns."""
    from retail_assets.assets.lineage import step_lineage

    for step in found.steps:
        if step.name == name and step.mart:
            item, sources = step.mart.contract, step_lineage(platform, step).get(name, {})
            say(f"{step.mart.sql_file} and {item.path}: {item.purpose}")
            columns = [Column("column"), Column("type"), Column("from", "computed from", folds_at=NARROW)]
            rows = [(c.name, c.type, ", ".join(map(".".join, sources.get(c.name, ())))) for c in item.columns]
            print_table(Table([*columns, Column("meaning", folds_at=NARROW)],
                              [(*row, c.description) for row, c in zip(rows, item.columns, strict=True)]))  # fmt: skip
            say(f"{plural(len(_checks(step)), 'check')}: {', '.join(_checks(step))}")


def _hints(platform: Platform, found: MartSteps, name: str | None) -> Iterator[str]:
    from retail_assets.assets.lineage import unclassified

    for step in found.steps:
        if step.store == "lake" and name in (None, step.name):
            yield from unclassified(platform, step)


def _checks(step: Step) -> list[str]:
    item = step.contracts()[0]
    return ["contract", *(rule.name for rule in (*item.row_rules, *item.table_rules)), *(a.name for a in step.audits)]
