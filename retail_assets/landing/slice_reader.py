"""Read one slice of a text: into a piece of its day straight from the text, or judged row by row in a table."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.csv_source import NUMBERED, column_names, read_csv, split_source
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
    """A slice cannot be read as it should be."""


@dataclass(frozen=True)
class SliceContext:
    """What a slice needs to know of its file."""

    name: str
    layout: FileLayout
    folder: Path
    is_open: bool
    """Whether no event of the slice's day can be too old, too late or in the future."""
    tell: Callable[[int], None] | None = None


@dataclass(frozen=True)
class SliceReading:
    """What a slice held: its counts, a piece by day, and its rejected rows."""

    counts: list[Count]
    pieces: dict[str, Path]
    rejected: Path | None
    needed_care: bool = False
    """Whether not every line was a record."""
    is_apart: bool = True
    """Whether the slice begins with a record for sure: it is the first, or its first line is one by itself."""


def read_slice(
    connection: DuckDBPyConnection, part: Slice, context: SliceContext, settings: Settings, terms: Terms
) -> SliceReading:
    """Read the slice and remove it.

    Raises:
        Irregular: it cannot be read apart from the rest of the text.
        duckdb.Error: the machine is short of memory or disk.
    """
    set_terms(connection, settings, terms)
    try:
        reading = _read_fast(connection, part, context)
    except Irregular:
        reading = replace(_read_with_care(connection, part, context), needed_care=True)
    part.path.unlink()
    if context.tell:
        context.tell(part.lines)
    is_whole = b'"' not in part.first and part.first.count(b",") == context.layout.width - 1
    return replace(reading, is_apart=part.number == 0 or is_whole)


def _read_fast(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> SliceReading:
    import duckdb

    if not part.census.is_regular(context.layout.width):
        raise Irregular
    try:
        if part.day and context.is_open and not part.census.has_control_characters:
            return _read_day(connection, part, part.day, context)
        return _read_rows(connection, part, context)
    except duckdb.Error as error:
        raise_unless_the_files_fault(error)
        raise Irregular(str(error)) from error


def _read_with_care(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> SliceReading:
    """Records and damaged lines as the careful reader finds them."""
    import duckdb

    folder = part.path.with_suffix("")
    folder.mkdir()
    try:
        source = split_source(part.path, context.name, context.layout, part.first_line, part.census, folder)
        rows = LandedRows(connection, context.name, source.row_number)
        _require(rows.load(source.sql), source.rows, part)
        return _written(rows, part, context)
    except (duckdb.Error, BlockedFile) as error:
        raise_unless_the_files_fault(error)
        raise Irregular(str(error)) from error
    finally:
        shutil.rmtree(folder)


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
    texts = names if part.census.has_control_characters else []
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
