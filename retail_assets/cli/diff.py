"""`retail diff`: what differs between two versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.opening import open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import NARROW, Column, Table, grouped, note, plural, print_table, say, show, show_json

if TYPE_CHECKING:
    from retail_assets.versions.difference import Counts, Difference, KeyTypeDifference

COUNTS = ("added", "removed", "changed")


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The earlier version: 1, :1 or retail_aggregates:1.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The later version.")],
    form: FormatOption = Format.table,
) -> None:
    """Show what differs between two versions.

    By key type: rows and keys added, removed and changed; of each metric the rows that differ, its sums, and its
    largest difference with date and key. Sums are over the rows that differ. NULL equals NULL. The exit code is 0
    whether the two differ or not.
    """
    from retail_assets.assets.versioning import shelf
    from retail_assets.versions.comparison import compare

    platform = open_platform()
    there = shelf(platform)
    found = compare(there.find(before), there.find(after), platform.settings)
    if form is Format.json:
        show_json({"same": found.is_none, **asdict(found)})
    elif form is Format.csv:
        show(Table.of(("key_type", "subject", "fact", "value"), _facts(found)), form)
    else:
        _print(found)


def _print(found: Difference) -> None:
    count = found.partitions.added + found.partitions.removed + found.partitions.changed
    say(f"{found.before} and {found.after}: {plural(count, 'partition')} differ{'s' if count == 1 else ''}"
        f"{_listed(found.partitions) if count else ''}", style="bold")  # fmt: skip
    for text in _columns(found):
        say(text)
    if found.is_none:
        say("They hold the same rows." if count else "They hold the same files.")
        return
    print_table(_rows(found))
    metrics = _metrics(found)
    if metrics.rows:
        print_table(metrics)
        note("Sums are over the rows that differ.")


def _listed(counts: Counts) -> str:
    told = [f"{value:,} {name}" for name, value in asdict(counts).items() if value]
    return f" ({', '.join(told)})"


def _columns(found: Difference) -> Iterator[str]:
    """How the schemas differ, in a line each."""
    if found.columns_added:
        yield f"columns added: {', '.join(found.columns_added)}"
    if found.columns_removed:
        yield f"columns removed: {', '.join(found.columns_removed)}"
    for name, before, after in found.columns_retyped:
        yield f"column {name}: {before} before, {after} after"


def _rows(found: Difference) -> Table:
    names = ("before", "after", *COUNTS)
    columns = [Column("key_type", "key type"), Column("what", ""), *(Column(name, look=grouped) for name in names)]
    rows = []
    for item in found.key_types:
        rows.append((item.key_type, "rows", item.rows_before, item.rows_after, *asdict(item.rows).values()))
        rows.append((item.key_type, "keys", None, None, *asdict(item.keys).values()))
    return Table(columns, rows, absent="")


def _metrics(found: Difference) -> Table:
    """The metrics in which the versions differ."""
    columns = [
        Column("key_type", "key type"),
        Column("metric"),
        Column("rows_changed", "changed", look=grouped),
        Column("sum_before", "sum before"),
        Column("sum_after", "sum after"),
        Column("largest", "differs most by", is_optional=True),
        Column("date", "on", is_optional=True),
        Column("key_value", "at", folds_at=NARROW, is_optional=True),
    ]
    rows = [
        (item.key_type, name, *values)
        for item in found.key_types
        for name, *values in _measured(item)
        if values[0] or values[1] != values[2]
    ]
    return Table(columns, rows, absent="-")


def _measured(item: KeyTypeDifference) -> Iterator[tuple[Any, ...]]:
    for name, metric in item.metrics.items():
        largest = metric.largest
        where = (largest.difference, largest.date, largest.key_value) if largest else (None, None, None)
        yield name, metric.rows_changed, metric.sum_before, metric.sum_after, *where


def _facts(found: Difference) -> Iterator[tuple[Any, ...]]:
    """Everything as one fact a row: the form in which spreadsheets and programs pivot it as they like."""
    yield from ((None, "partitions", name, value) for name, value in asdict(found.partitions).items())
    yield from ((None, name, "column", "added") for name in found.columns_added)
    yield from ((None, name, "column", "removed") for name in found.columns_removed)
    yield from (
        (None, name, "column", f"{before} before, {after} after") for name, before, after in found.columns_retyped
    )
    names = ("rows_changed", "sum_before", "sum_after", "largest_difference", "largest_on", "largest_at")
    for item in found.key_types:
        totals = {"before": item.rows_before, "after": item.rows_after}
        yield from ((item.key_type, "rows", name, value) for name, value in {**totals, **asdict(item.rows)}.items())
        yield from ((item.key_type, "keys", name, value) for name, value in asdict(item.keys).items())
        for metric, *values in _measured(item):
            yield from ((item.key_type, metric, name, value) for name, value in zip(names, values, strict=True))
