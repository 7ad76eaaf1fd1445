"""Read one slice of a text: into a piece of its day straight from the text, or judged row by row in a table."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.csv_source import NUMBERED, column_names, read_csv, split_source
from retail_assets.landing.landed_rows import LandedRows, copy, set_terms, stored_columns
from retail_assets.landing.layout import FileLayout
from retail_assets.landing.pieces import Pieces, piece_path, write_pieces
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
    """What a slice held."""

    pieces: Pieces
    needed_care: bool
    """Whether not every line was a record."""
    is_apart: bool
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
    needed_care = False
    try:
        pieces = _read_fast(connection, part, context)
    except Irregular:
        needed_care = True
        pieces = _read_with_care(connection, part, context)
    part.path.unlink()
    if context.tell:
        context.tell(part.lines)
    is_whole = b'"' not in part.first and part.first.count(b",") == context.layout.width - 1
    return SliceReading(pieces, needed_care, is_apart=part.number == 0 or is_whole)


def _read_fast(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> Pieces:
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


def _read_with_care(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> Pieces:
    """Records and damaged lines as the careful reader finds them."""
    import duckdb

    folder = part.path.with_suffix("")
    folder.mkdir()
    try:
        source = split_source(part.path, context.name, context.layout, part.first_line, part.census, folder)
        rows = LandedRows(connection, context.name, source.row_number)
        _require(rows.load(source.sql), source.rows, part)
        return write_pieces(rows, context.folder, part.number)
    except (duckdb.Error, BlockedFile) as error:
        raise_unless_the_files_fault(error)
        raise Irregular(str(error)) from error
    finally:
        shutil.rmtree(folder)


def _read_day(connection: DuckDBPyConnection, part: Slice, day: str, context: SliceContext) -> Pieces:
    """Lines that are vouched for go straight into the piece of the day; only odd ones are judged."""
    plain = Count(day, None, part.lines - len(part.odd), 0, 0, part.lines - len(part.odd))
    outside: list[int] = []
    odd = Pieces([], {})
    if part.odd:
        rows = _load_odd(connection, part, context)
        outside = rows.numbers_outside(day)
        odd = write_pieces(rows, context.folder, part.number, leave=day)
    received = context.layout.select_list(column_names(context.layout.width))
    number = f"{part.first_line - 1} + row_number() OVER () AS line_number"
    numbered = f"SELECT {received}, {number} FROM {_text(part, context)}"
    landed = LandedRows(connection, context.name, "line_number")
    kept = f" WHERE line_number NOT IN ({', '.join(map(str, outside))})" if outside else ""
    target = piece_path(context.folder, part.number, day)
    rows_written = copy(connection, f"SELECT {stored_columns()}, {landed.origin} FROM ({numbered}){kept}", target)
    _require(rows_written, part.lines - len(outside), part)
    by_day = odd.by_day | ({day: target} if rows_written else {})
    return Pieces([*([plain] if plain.rows else []), *odd.counts], by_day, odd.rejected)


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


def _read_rows(connection: DuckDBPyConnection, part: Slice, context: SliceContext) -> Pieces:
    names = column_names(context.layout.width)
    texts = names if part.census.has_control_characters else []
    rows = LandedRows(connection, context.name, f"rowid + {part.first_line}")
    source = select_received(context.layout, names, texts, _text(part, context), f", {NO_DAMAGE}")
    _require(rows.load(source), part.lines, part)
    return write_pieces(rows, context.folder, part.number)


def _text(part: Slice, context: SliceContext) -> str:
    columns = dict.fromkeys(column_names(context.layout.width), "VARCHAR")
    return read_csv(part.path, columns, parallel=False)


def _require(rows: int, expected: int, part: Slice) -> None:
    if rows != expected:
        raise Irregular(f"{expected:,} records from line {part.first_line:,} on, of which {rows:,} could be read")
