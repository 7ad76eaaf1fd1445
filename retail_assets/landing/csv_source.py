"""CSV files as sources: DuckDB's reader where the census vouches for every line, the careful reader elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retail_assets.contracts.contract import quote_literal
from retail_assets.landing.census import Census
from retail_assets.landing.gate import Inspected
from retail_assets.landing.layout import FileLayout, match_columns, read_header
from retail_assets.landing.records import MAX_RECORD_BYTES, split_records
from retail_assets.landing.source import NO_DAMAGE, Source, damaged_rows, select_received

NUMBERED = {"number": "BIGINT"}


def fast_source(file: Inspected) -> Source | None:
    """The whole file in DuckDB's own strict reader; None where that could lose a line without a word."""
    census = file.census
    if census is None:
        return None
    header = read_header(census.head, file.name)
    layout = match_columns(file.name, header.names)
    if header.lines != 1 or not census.is_regular(layout.width):
        return None
    values = column_names(layout.width)
    relation = read_csv(file.path, dict.fromkeys(values, "VARCHAR"), header=True)
    texts = values if census.has_control_characters else []
    # The header is line 1. Each line is one record, which the number of rows will prove, so order gives the number.
    sql = select_received(layout, values, texts, relation, f", {NO_DAMAGE}")
    return Source(sql, layout, rows=census.lines - 1, row_number="(rowid + 2)")


def careful_source(file: Inspected, folder: Path) -> Source:
    """Records and damaged lines as the careful reader finds them, each with the number of its first line.

    Raises:
        BlockedFile: the header does not fit the contract, or a line is longer than any record.
    """
    census = file.census
    if census is None:
        raise ValueError(f"{file.name} is no text")
    header = read_header(census.head, file.name)
    layout = match_columns(file.name, header.names)
    return split_source(file.path, file.name, layout, header.lines + 1, census, folder, header_lines=header.lines)


def split_source(
    text: Path, name: str, layout: FileLayout, first_line: int, census: Census, folder: Path, *, header_lines: int = 0
) -> Source:
    """The records and damaged lines of a text, or of a piece of one that begins with line ``first_line`` of the file.

    Raises:
        BlockedFile: ``line_too_long``.
    """
    split = split_records(text, name, layout.width, header_lines, first_line, folder)
    values = column_names(layout.width)
    columns = NUMBERED | dict.fromkeys(values, "VARCHAR")
    good = read_csv(split.good, columns, parallel=not split.spans_lines, is_ours=True)
    columns = NUMBERED | {"reason": "VARCHAR", "text": "VARCHAR"}
    damaged = read_csv(split.damaged, columns, parallel=False, is_ours=True)
    texts = values if census.has_control_characters else []
    records = select_received(layout, values, texts, good, f", {NO_DAMAGE}, number AS source_row")
    return Source(
        sql=f"{records} UNION ALL BY NAME {damaged_rows(damaged)}",
        layout=layout,
        rows=split.records + split.damaged_lines,
        row_number="source_row",
    )


def column_names(width: int) -> list[str]:
    """Names of our own for the columns of a text, whose own names may be empty or odd."""
    return [f"c{position}" for position in range(width)]


def read_csv(
    path: Path, columns: dict[str, str], *, header: bool = False, parallel: bool = True, is_ours: bool = False
) -> str:
    """DuckDB's strict reader over a text; ``is_ours`` if we wrote it, with a line feed at the end of each record."""
    kinds = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    options: Sequence[str] = (
        "auto_detect = false",
        f"header = {str(header).lower()}",
        "delim = ','",
        "quote = '\"'",
        "escape = '\"'",
        "compression = 'none'",
        f"parallel = {str(parallel).lower()}",
        f"max_line_size = {2 * MAX_RECORD_BYTES}",
        f"columns = {{{kinds}}}",
        # DuckDB would take the first newline for the kind, be it one within quotes.
        *(["new_line = '\\n'"] if is_ours else []),
    )
    return f"read_csv({quote_literal(str(path))}, {', '.join(options)})"
