"""The rows of a Parquet file as the text that a CSV export of it would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.sources.files.layout import match
from retail_assets.sources.files.rows import NO_DAMAGE, ReceivedRows
from retail_assets.sources.files.unpacking import Unpacked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXACT_BELOW = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""Whole numbers from here on lose digits in a floating-point type."""


def parquet_rows(connection: DuckDBPyConnection, file: Unpacked, contract: Contract) -> ReceivedRows:
    """The rows of the file, numbered from 1.

    Raises:
        BlockedFile: its columns do not fit the contract.
        duckdb.Error: it is damaged.
    """
    relation = f"read_parquet({quote_literal(str(file.path))}, hive_partitioning = false, binary_as_string = true, "
    relation += "file_row_number = true)"
    described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {relation}").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    layout = match(file.name, list(kinds), contract)
    texts = {column.name for column in contract.columns if column.type == "VARCHAR"}
    values = ", ".join(
        f"{_text(layout.names[position], kinds[layout.names[position]], wanted in texts)} AS {quote_identifier(wanted)}"
        for wanted, position in layout.positions.items()
    )
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
    sql = f"SELECT {values}, file_row_number + 1 AS source_row, {NO_DAMAGE} FROM {relation}"
    return ReceivedRows(sql, frozenset(layout.positions), rows, layout.notes)


def _text(name: str, kind: str, is_text: bool) -> str:
    column = quote_identifier(name)
    if is_text and kind in EXACT_BELOW:
        return f"float_identifier({column}, {EXACT_BELOW[kind]})"
    return column if kind == "VARCHAR" else f"{column}::VARCHAR"
