"""`retail etl-aggregate`: a folder of event files in, features of one key type out; a job for any scheduler."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Column, Table, grouped, note, plural, print_table, say, show, show_json, some
from retail_assets.cli.progress import meter
from retail_assets.cli.watching import watching

if TYPE_CHECKING:
    from retail_assets.assets.etl_aggregate import Aggregated, Check, Order

MOST_NAMES = 5
MOST_DETAILS = 20


def etl_aggregate(
    input_data: Annotated[
        Path,
        typer.Option("--input_data", "--input-data", metavar="DIR", help="Folder of CSV, CSV.GZ or Parquet files."),
    ],
    key_type: Annotated[
        Literal["product_id", "category_code", "brand"],
        typer.Option("--key_type", "--key-type", help="What to aggregate by."),
    ],
    output_path: Annotated[
        Path,
        typer.Option("--output_path", "--output-path", metavar="DIR", help="Gets key_type=K/date=D/data.parquet."),
    ],
    work_dir: Annotated[
        Path | None,
        typer.Option(
            "--work_dir",
            "--work-dir",
            metavar="DIR",
            show_default="$TMPDIR",
            help="Where temporary data go: about as much as the input has.",
        ),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Make the features of a folder of files, with no platform.

    The published pipeline's command, for any scheduler: same engine, rules and checks as the platform, and nothing is
    left behind but the features. The input is only read. Dates of which a check fails are not written; the others
    are. Exits with 0 only if every file could be read and every check passed (warnings aside).
    """
    from retail_assets.assets.etl_aggregate import Order

    order = Order(input_data, key_type, output_path, work_dir)
    with _ending_on_sigterm():
        done = _run(order)
    _show(done, order, form)
    _tell_trouble(done)
    if not done.succeeded:
        raise typer.Exit(1)


def _run(order: Order) -> Aggregated:
    from retail_assets.assets.etl_aggregate import aggregate
    from retail_assets.settings import settings

    try:
        with meter() as shown, watching(shown) as shows:
            return aggregate(order, settings(), shows.on_file)
    except RuntimeError as error:
        if "Query interrupted" in str(error):  # how DuckDB reports a signal
            raise KeyboardInterrupt from error
        raise


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """End as Ctrl-C does when a scheduler asks for it, so that temporary data are removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(done: Aggregated, order: Order, form: Format) -> None:
    if form is Format.json:
        show_json(_document(done, order))
    elif form is Format.csv:
        show(_days(done), form)
    else:
        _print_report(done, order)


def _document(done: Aggregated, order: Order) -> dict[str, Any]:
    return {
        "succeeded": done.succeeded,
        "key_type": order.key_type,
        "output_path": str(order.output_path),
        "files": [
            {"name": file.name, "state": file.state, "rows": file.rows, "code": file.code, "detail": file.detail}
            for file in done.files
        ],
        "unsettled_files": done.unsettled,
        "ignored_files": done.ignored,
        "rows": done.books,
        "unique_keys": done.unique_keys,
        "dates": [asdict(day) for day in done.days],
        "checks": [
            {
                "step": check.step,
                "check": check.name,
                "result": _result(check),
                "dates": check.dates,
                "failed": check.failed,
            }
            for check in done.checks
        ],
    }


def _print_report(done: Aggregated, order: Order) -> None:
    states = [file.state for file in done.files]
    say(f"{plural(states.count('landed'), 'file')} read, {states.count('blocked'):,} blocked.")
    if again := states.count("duplicate"):
        say(f"{plural(again, 'file')} ignored, because another file holds the same bytes.")
    if done.days:
        print_table(_days(done))
        print_table(_rows(done.books, done.rejected))
        print_table(_checks(done))
    written = [day for day in done.days if day.is_written]
    span = f", {written[0].date} to {written[-1].date}" if written else ""
    keys, rows = plural(done.unique_keys, "unique key"), plural(sum(day.features for day in written), "row")
    say(f"{plural(len(written), 'date')} written{span}: {keys}, {rows}.")
    say(f"Features: {order.output_path / f'key_type={order.key_type}'}")


def _days(done: Aggregated) -> Table:
    columns = [
        Column("date"),
        Column("rows", "rows in", grouped),
        Column("clean", look=grouped),
        Column("keys", look=grouped),
        Column("features", "feature rows", grouped),
        Column("is_written", "written", lambda is_written: "yes" if is_written else "no"),
    ]
    rows = [(day.date, day.rows, day.clean, day.keys, day.features, day.is_written) for day in done.days]
    return Table(columns, rows)


def _rows(books: Mapping[str, int], rejected: Mapping[str, int]) -> Table:
    """Every row that came in by what became of it, as counts and shares."""
    known = {
        "rows in": books.get("received", 0),
        "clean": books.get("clean", 0),
        "dropped: excluded event types": books.get("excluded", 0),
        "dropped: exact duplicates": books.get("duplicate", 0),
        "dropped: rejected": sum(rejected.values()),
        **{f"  {reason}": rows for reason, rows in rejected.items()},
        "held back: of dates that failed": books.get("held_back", 0),
    }
    total = known["rows in"] or 1
    columns = [Column("outcome"), Column("rows", look=grouped), Column("share")]
    return Table(columns, [(name, rows, f"{rows / total:.2%}") for name, rows in known.items()])


def _checks(done: Aggregated) -> Table:
    columns = [Column("step"), Column("check"), Column("result"), Column("dates"), Column("failed")]
    rows = [(check.step, check.name, _result(check), check.dates, len(check.failed)) for check in done.checks]
    return Table(columns, rows)


def _result(check: Check) -> str:
    if not check.failed:
        return "passed"
    return "failed" if check.blocking else "warning"


def _tell_trouble(done: Aggregated) -> None:
    """What did not go well, on stderr, so that it is seen beside any format."""
    for file in done.blocked:
        note(f"blocked file: {file.detail}")
    for name in done.unsettled:
        note(f"unread file: {name} changed while it was read. Run this again when it is complete.")
    if done.ignored:
        note(f"ignored, for their names are none of event files: {some(done.ignored, MOST_NAMES)}")
    for check in done.checks:
        details = [f"{_result(check)}: {check.step}: {check.name}: {day}: {told}" for day, told in check.failed.items()]
        for line in details[:MOST_DETAILS]:
            note(line)
        if len(details) > MOST_DETAILS:
            note(f"{_result(check)}: {check.step}: {check.name}: and {len(details) - MOST_DETAILS:,} more dates")
    if done.missing:
        dates = some(done.missing, MOST_DETAILS)
        note(f"not written: {dates}. What the output held of {'them' if len(done.missing) > 1 else 'it'} before stays.")
