"""Parquet files as sources: typed columns as the text that a CSV export would hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.landing.gate import Inspected
from retail_assets.landing.layout import FileLayout, match_columns
from retail_assets.landing.source import NO_DAMAGE, select_received

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IDENTIFIERS = ("product_id", "user_id", "category_id", "user_session")
EXACT_BELOW = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""Whole numbers from here on lose digits in a floating-point type."""
ROW_NUMBER = "file_row_number"
"""DuckDB's own column of every Parquet file, by which it skips row groups; a column of that name hides it."""


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file whose columns fit the contract."""

    relation: str
    layout: FileLayout
    kinds: Mapping[str, str]
    """DuckDB's type of each column."""
    groups: tuple[int, ...]
    """Rows of each row group."""

    @property
    def can_be_split(self) -> bool:
        """Whether it can be read in stretches."""
        return ROW_NUMBER not in map(str.lower, self.kinds)

    def stretches(self, most: int) -> list[range]:
        """The rows of the file, counting from 0: row groups, as many together as have no more rows than ``most``."""
        if not self.can_be_split:
            return [range(sum(self.groups))]
        bounds, end = [0], 0
        for rows in self.groups:
            if end > bounds[-1] and end + rows - bounds[-1] > most:
                bounds.append(end)
            end += rows
        return [range(start, stop) for start, stop in pairwise([*bounds, end])]

    def sql(self, rows: range) -> str:
        """A SELECT of a stretch as received columns, all text (see ``Source.sql``), in their order."""
        values = [self._as_text(name, kind, position) for position, (name, kind) in enumerate(self.kinds.items())]
        texts = [quote_identifier(name) for name, kind in self.kinds.items() if kind == "VARCHAR"]
        chosen = f"(SELECT * FROM {self.relation} WHERE {ROW_NUMBER} BETWEEN {rows.start} AND {rows.stop - 1})"
        source = chosen if self.can_be_split else self.relation
        return select_received(self.layout, values, texts, source, f", {NO_DAMAGE}")

    def _as_text(self, name: str, kind: str, position: int) -> str:
        column = quote_identifier(name)
        is_identifier = position in (self.layout.positions.get(identifier) for identifier in IDENTIFIERS)
        if kind in EXACT_BELOW and is_identifier:
            return f"float_identifier({column}, {EXACT_BELOW[kind]})"
        return column if kind == "VARCHAR" else f"{column}::VARCHAR"


def parquet_source(connection: DuckDBPyConnection, file: Inspected) -> ParquetSource:
    """What a Parquet file holds.

    Raises:
        BlockedFile: its columns do not fit the contract.
        duckdb.Error: it is damaged.
    """
    layout = match_columns(file.name, _column_names(connection, file))
    relation = f"read_parquet({quote_literal(str(file.path))}, hive_partitioning = false, binary_as_string = true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return ParquetSource(relation, layout, {name: kind for name, kind, *_ in described}, _groups(connection, file))


def _groups(connection: DuckDBPyConnection, file: Inspected) -> tuple[int, ...]:
    found = connection.execute(
        "SELECT any_value(row_group_num_rows) "
        f"FROM parquet_metadata({quote_literal(str(file.path))}) GROUP BY row_group_id ORDER BY row_group_id"
    ).fetchall()
    return tuple(rows for (rows,) in found)


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
