"""Parquet files as sources: typed columns as the text that a CSV export would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.landing.gate import Inspected
from retail_assets.landing.layout import FileLayout, match_columns
from retail_assets.landing.source import NO_DAMAGE, Source, select_received

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IDENTIFIERS = ("product_id", "user_id", "category_id", "user_session")
EXACT_BELOW = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""Whole numbers from here on lose digits in a floating-point type."""


def parquet_source(connection: DuckDBPyConnection, file: Inspected) -> Source:
    """The rows of a Parquet file.

    Raises:
        BlockedFile: its columns do not fit the contract.
        duckdb.Error: it is damaged.
    """
    layout = match_columns(file.name, _column_names(connection, file))
    relation = f"read_parquet({quote_literal(str(file.path))}, hive_partitioning = false, binary_as_string = true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    texts = [quote_identifier(name) for name, kind in kinds.items() if kind == "VARCHAR"]
    values = [_as_text(name, kind, layout, position) for position, (name, kind) in enumerate(kinds.items())]
    sql = select_received(layout, values, texts, relation, f", {NO_DAMAGE}")
    return Source(sql, layout, rows=_row_count(connection, file), row_number="(rowid + 1)")


def _row_count(connection: DuckDBPyConnection, file: Inspected) -> int:
    found = connection.execute(
        f"SELECT num_rows FROM parquet_file_metadata({quote_literal(str(file.path))})"
    ).fetchone()
    return int(found[0]) if found else 0


def _column_names(connection: DuckDBPyConnection, file: Inspected) -> list[str]:
    """The names of the top-level columns. DuckDB itself would rename the second of two equal ones."""
    nodes = connection.execute(
        f"SELECT name, num_children FROM parquet_schema({quote_literal(str(file.path))})"
    ).fetchall()
    names, inside = [], 0
    for name, children in nodes[1:]:
        if not inside:
            names.append(name)
        inside = max(inside - 1, 0) + (children or 0)
    return names


def _as_text(name: str, kind: str, layout: FileLayout, position: int) -> str:
    column = quote_identifier(name)
    is_identifier = position in (layout.positions.get(identifier) for identifier in IDENTIFIERS)
    if kind in EXACT_BELOW and is_identifier:
        return f"float_identifier({column}, {EXACT_BELOW[kind]})"
    return column if kind == "VARCHAR" else f"{column}::VARCHAR"
