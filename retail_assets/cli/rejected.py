"""`retail rejected`: what was rejected and why."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption, parse_day
from retail_assets.cli.output import (
    Column,
    Table,
    grouped,
    note,
    plural,
    print_table,
    printable,
    say,
    show,
    show_json,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]

FILTERED = """
    FROM rejected_events
    WHERE ($date::DATE IS NULL OR coalesce(date, event_date) = $date::DATE) AND ($reason IS NULL OR reason = $reason)
"""
COUNTS = f"""
    SELECT stage, reason, count(*) AS rows, count(DISTINCT source_file) AS files,
        min(coalesce(date, event_date)) AS first_date, max(coalesce(date, event_date)) AS last_date
    {FILTERED}
    GROUP BY stage, reason
    ORDER BY rows DESC, stage, reason
"""
EXAMPLES = f"""
    WITH numbered AS (
        SELECT *, row_number() OVER (PARTITION BY stage, reason ORDER BY source_file, source_row) AS number
        {FILTERED}
    ),
    chosen AS (SELECT * FROM numbered ORDER BY number, stage, reason LIMIT $limit)
    SELECT reason, source_file, source_row, received FROM chosen ORDER BY stage, reason, source_file, source_row
"""  # every reason comes before a second example of one


def rejected(
    day: Annotated[
        date | None,
        typer.Option("--date", parser=parse_day, metavar="YYYY-MM-DD", help="Only events of this UTC date."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Examples to show.")] = 10,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the rows as received, to mend and replay them.")
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Show which rows were rejected and why.

    Counts by stage and reason, and examples with file, row and text as received. Nothing is lost: --export writes the
    rows, to be mended and brought back by retail replay. csv prints the counts; all rows are in
    retail query "FROM rejected_events".
    """
    from retail_assets.contracts.rejection import reject_meanings
    from retail_assets.inspection.views import open_views

    meanings = reject_meanings()
    if reason and reason not in meanings:
        raise typer.BadParameter(f"there is no reason {reason!r}; there are {', '.join(meanings)}")
    with open_views(open_platform()) as connection:
        chosen = {"date": day, "reason": reason}
        if export:
            export_rows(connection, chosen, export)
        counts = _fetch(connection, COUNTS, chosen)
        examples = _fetch(connection, EXAMPLES, {**chosen, "limit": limit})
    _print(_counts_table(counts, meanings), _examples_table(examples), form)


def export_rows(connection: DuckDBPyConnection, chosen: dict[str, Any], target: Path) -> None:
    """Write rejected rows as an event file, as they were received; lines that are no records cannot be in it.

    Raises:
        ValueError: the file exists, or its name is none of a CSV file.
    """
    from retail_assets.contracts import contract
    from retail_assets.contracts.contract import quote_literal

    if target.suffix.lower() != ".csv" or target.exists():
        raise ValueError(f"{target} exists already or is no .csv: name a new file. Nothing was written.")
    fields = [column.name for column in contract("raw_events").received_columns]
    values = ", ".join(f"received->>{quote_literal(name)} AS {name}" for name in fields)
    connection.execute(f"CREATE TEMP TABLE chosen AS SELECT source_file, source_row, received {FILTERED}", chosen)
    records = "FROM chosen WHERE received->>'line' IS NULL"
    connection.execute(
        f"COPY (SELECT {values} {records} ORDER BY source_file, source_row) TO {quote_literal(str(target))} (HEADER)"
    )
    ((written, lines),) = connection.execute(f"SELECT (SELECT count(*) {records}), count(*) FROM chosen").fetchall()
    note(f"{plural(written, 'row')} written to {target}. Mend them, then: {command_line(f'replay {target}')}")
    if lines > written:
        note(f"Left out, since no record: {plural(lines - written, 'line')}. Mend the file itself and land it again.")


def _fetch(connection: DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> list[Row]:
    return connection.execute(sql, parameters).fetchall()


def _counts_table(counts: list[Row], meanings: dict[str, str]) -> Table:
    columns = [
        Column("stage"),
        Column("reason"),
        Column("rows", look=grouped),
        Column("files", look=grouped, is_optional=True),
        Column("first_date", "first day", is_optional=True),
        Column("last_date", "last day", is_optional=True),
        Column("meaning", folds_at=40),
    ]
    return Table(columns, [(*row, meanings.get(row[1], "")) for row in counts])


def _examples_table(examples: list[Row]) -> Table:
    return Table([Column("reason"), Column("file"), Column("row"), Column("received")], examples)


def _print(counts: Table, examples: Table, form: Format) -> None:
    if form is Format.json:
        show_json({"counts": _objects(counts), "examples": _objects(examples)})
    elif form is Format.csv:
        show(counts, form)
    elif counts.rows:
        print_table(counts)
        for why, file, row, received in examples.rows:
            say(f"{why}: {file}, {'row' if file.lower().endswith('.parquet') else 'line'} {row}", style="bold")
            say(printable(received), indent=2)
    else:
        say("Nothing was rejected.")
        note("Rows are rejected while files are taken in and cleaned: see retail status.")


def _objects(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]
