"""Read one slice of a text: into a piece of its day straight from the text, or judged row by row in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.landing.csv_source import NUMBERED, column_names, read_csv
from retail_assets.landing.landed_rows import LandedRows, copy, set_terms, stored_columns
from retail_assets.landing.layout import FileLayout
from retail_assets.landing.reader import raise_unless_the_files_fault
from retail_assets.landing.reading import Count, Terms
from retail_assets.landing.slicer import Slice
from retail_assets.landing.source import NO_DAMAGE, select_received
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Irregular(Exception):
    """Not every line of a slice is a record of the header's width."""


@dataclass(frozen=True)
class SliceContext:
    """What a slice needs to know of its file."""

    name: str
    layout: FileLayout
    folder: Path
    has_control_characters: bool
    is_open: bool
    """Whether no event of the slice's day can be too old, too late or in the future."""
    tell: Callable[[int], None] | None = None


@dataclass(frozen=True)
class SliceReading:
    """What a slice held: its counts, a piece by day, and its rejected rows."""

    counts: list[Count]
    pieces: dict[str, Path]
    rejected: Path | None


def read_slice(
    connection: DuckDBPyConnection, part: Slice, context: SliceContext, settings: Settings, terms: Terms
) -> SliceReading:
    """Read the slice and remove it.

    Raises:
        Irregular: it has other records than lines.
        duckdb.Error: the machine is short of memory or disk.
    """
    import duckdb

    set_terms(connection, settings, terms)
    try:
        if part.day and context.is_open and not context.has_control_characters:
            reading = _read_day(connection, part, part.day, context)
        else:
            reading = _read_rows(connection, part, context)
    except duckdb.Error as error:
        raise_unless_the_files_fault(error)
        raise Irregular(str(error)) from error
    part.path.unlink()
    if context.tell:
        context.tell(part.lines)
    return reading


def _read_day(connection: DuckDBPyConnection, part: Slice, day: str, context: SliceContext) -> SliceReading:
    """Lines that are vouched for go straight into the piece of the day; only odd ones are judged."""
    plain = Count(day, None, part.lines - len(part.odd), 0, 0, part.lines - len(part.odd))
    outside: list[int] = []
    odd = SliceReading([], {}, None)
    if part.odd:
        rows = _load_odd(connection, part, context)
        outside = rows.numbers_outside(day)
        odd = _written(rows, part, context, leave=day)
    received = context.layout.select_list(column_names(context.layout.width))
    number = f"{part.first_line - 1} + row_number() OVER () AS line_number"
    numbered = f"SELECT {received}, {number} FROM {_text(part, context)}"
    landed = LandedRows(connection, context.name, "line_number")
    kept = f" WHERE line_number NOT IN ({', '.join(map(str, outside))})" if outside else ""
    target = _piece(part, context, day)
    rows_written = copy(connection, f"SELECT {stored_columns()}, {landed.origin} FROM ({numbered}){kept}", target)
    _require(rows_written, part.lines - len(outside), part)
    pieces = odd.pieces | ({day: target} if rows_written else {})
    return SliceReading([*([plain] if plain.rows else []), *odd.counts], pieces, odd.rejected)


def _load_odd(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> LandedRows:
    path = part.path.with_suffix(".odd.csv")
    path.write_bytes(b"".join(b"%d,%b\n" % (number, line.rstrip(b"\r\n")) for number, line in part.odd))
    names = column_names(context.layout.width)
    source = read_csv(path, NUMBERED | dict.fromkeys(names, "VARCHAR"), parallel=False, is_ours=True)
    rows = LandedRows(connection, context.name, "source_row")
    loaded = rows.load(select_received(context.layout, names, [], source, f", {NO_DAMAGE}, number AS source_row"))
    path.unlink()
    _require(loaded, len(part.odd), part)
    return rows


def _read_rows(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> SliceReading:
    names = column_names(context.layout.width)
    texts = names if context.has_control_characters else []
    rows = LandedRows(connection, context.name, f"rowid + {part.first_line}")
    source = select_received(context.layout, names, texts, _text(part, context), f", {NO_DAMAGE}")
    _require(rows.load(source), part.lines, part)
    return _written(rows, part, context)


def _written(rows: LandedRows, part: Slice, context: SliceContext, leave: str | None = None) -> SliceReading:
    """Pieces and rejected rows of what is loaded, but for the piece of the day that is left to others."""
    counts = rows.counts()
    pieces = {}
    for day in sorted({count.day for count in counts if count.day and count.reason is None} - {leave}):
        pieces[day] = _piece(part, context, day)
        rows.write_part(day, pieces[day])
    rejected = None
    if any(count.reason for count in counts):
        rejected = context.folder / f"{part.number:06d}-rejected.parquet"
        rows.write_rejected(rejected)
    rows.drop()
    return SliceReading(counts, pieces, rejected)


def _text(part: Slice, context: SliceContext) -> str:
    columns = dict.fromkeys(column_names(context.layout.width), "VARCHAR")
    return read_csv(part.path, columns, parallel=False)


def _piece(part: Slice, context: SliceContext, day: str) -> Path:
    return context.folder / day / f"{part.number:06d}.parquet"


def _require(rows: int, expected: int, part: Slice) -> None:
    if rows != expected:
        raise Irregular(f"{expected:,} records from line {part.first_line:,} on, of which {rows:,} could be read")
