"""The records of a CSV text: by DuckDB's reader where every line must be one, by the careful one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.landing.census import Census
from retail_assets.landing.csv_source import NUMBERED, column_names, read_csv
from retail_assets.landing.layout import Header
from retail_assets.landing.records import split_records
from retail_assets.sources.files.layout import Layout, match, read_names
from retail_assets.sources.files.rows import NO_DAMAGE, ReceivedRows
from retail_assets.sources.files.unpacking import COMMA, Unpacked


def csv_rows(
    file: Unpacked, census: Census, contract: Contract, delimiter: str, folder: Path
) -> Iterator[ReceivedRows]:
    """Ways to read the text, the fastest first: the next one is tried where one fails.

    Raises:
        BlockedFile: the header does not fit, or a line is longer than any record.
    """
    header = read_names(census.head, file.name, delimiter)
    layout = match(file.name, header.names, contract)
    if header.lines == 1 and census.is_regular(len(header.names)):
        yield _fast(file, census, layout, delimiter)
    yield _careful(file, header, layout, delimiter, folder)


def _fast(file: Unpacked, census: Census, layout: Layout, delimiter: str) -> ReceivedRows:
    columns = dict.fromkeys(column_names(len(layout.names)), "VARCHAR")
    relation = read_csv(file.path, columns, header=True, parallel=False)
    # The header is line 1, and each line is one record, which the number of rows will prove.
    numbered = f"SELECT *, row_number() OVER () + 1 AS source_row FROM {relation}"
    sql = f"SELECT {_values(layout, delimiter)}, source_row, {NO_DAMAGE} FROM ({numbered})"
    return ReceivedRows(sql, frozenset(layout.positions), census.lines - 1, layout.notes)


def _careful(file: Unpacked, header: Header, layout: Layout, delimiter: str, folder: Path) -> ReceivedRows:
    names = column_names(len(layout.names))
    split = split_records(file.path, file.name, len(names), header.lines, header.lines + 1, folder)
    good = read_csv(split.good, NUMBERED | dict.fromkeys(names, "VARCHAR"), parallel=False, is_ours=True)
    damaged = read_csv(split.damaged, NUMBERED | {"reason": "VARCHAR", "text": "VARCHAR"}, parallel=False, is_ours=True)
    line = _as_received("text", delimiter)
    sql = (
        f"SELECT {_values(layout, delimiter)}, number AS source_row, {NO_DAMAGE} FROM {good} UNION ALL BY NAME "
        f"SELECT number AS source_row, reason AS _damage, {line} AS _line FROM {damaged}"
    )
    return ReceivedRows(sql, frozenset(layout.positions), split.records + split.damaged_lines, layout.notes)


def _values(layout: Layout, delimiter: str) -> str:
    names = column_names(len(layout.names))
    chosen = (
        f"{_as_received(names[position], delimiter)} AS {quote_identifier(wanted)}"
        for wanted, position in layout.positions.items()
    )
    return ", ".join(chosen)


def _as_received(value: str, delimiter: str) -> str:
    """The text with comma and delimiter in their own places again."""
    if delimiter == COMMA:
        return value
    return f"translate({value}, {quote_literal(f'{delimiter},')}, {quote_literal(f',{delimiter}')})"
