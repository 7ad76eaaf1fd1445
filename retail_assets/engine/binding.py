"""Make a query's inputs visible to DuckDB under the names by which the SQL reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset, Frame, Rows
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query, Source

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_PER_INSERT = 500


class Binder:
    """Creates the views and temporary tables of one batch of partitions; a shared query is computed once."""

    def __init__(self, connection: DuckDBPyConnection, partitions: list[Partition]) -> None:
        self.connection = connection
        self.partitions = partitions
        self._shared: set[str] = set()
        self._create_partition_table("requested_partitions", partitions)

    def bind(self, query: Query) -> None:
        """Make everything that the query reads visible."""
        for name, value in query.parameters.items():
            self.connection.execute(f"SET VARIABLE {quote_identifier(name)} = {quote_literal(value)}")
        for name, source in query.inputs.items():
            self._bind_input(name, source)

    def _bind_input(self, name: str, source: Source) -> None:
        if isinstance(source, Query):
            self._bind_shared(name, source)
        elif isinstance(source, Rows):
            self._create_rows(name, source.needed_by(self.partitions))
        elif isinstance(source, Frame):
            self.connection.register(name, source.table)
        else:
            self.bind_dataset(name, source.needed_by(self.partitions))

    def bind_dataset(self, name: str, dataset: Dataset) -> None:
        """The dataset as a view, and its partitions, empty ones included, as the table ``<name>_partitions``."""
        dataset.open_to(self.connection)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} AS {dataset.relation()}")
        self._create_partition_table(f"{name}_partitions", list(dataset.partitions))

    def _bind_shared(self, name: str, shared: Query) -> None:
        """Compute it into a table, of which no query may expect an order."""
        if name in self._shared:
            return
        self.bind(shared)
        self.connection.execute("SET preserve_insertion_order = false")  # it is dear with several threads
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote_identifier(name)} AS {shared.sql}")
        self.connection.execute("SET preserve_insertion_order = true")
        self._shared.add(name)

    def _create_partition_table(self, name: str, partitions: list[Partition]) -> None:
        columns = sorted({column for partition in partitions for column, _ in partition.values})
        kinds = {column: "DATE" if column == "date" else "VARCHAR" for column in columns}
        rows = [[partition.get(column) for column in columns] for partition in partitions]
        self._create_rows(name, Rows.of(kinds or {"date": "DATE"}, rows if kinds else []))

    def _create_rows(self, name: str, rows: Rows) -> None:
        columns = ", ".join(f"{quote_identifier(column)} {kind}" for column, kind in rows.columns)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote_identifier(name)} ({columns})")
        for start in range(0, len(rows.rows), ROWS_PER_INSERT):
            self._insert(name, rows.rows[start : start + ROWS_PER_INSERT])

    def _insert(self, name: str, rows: tuple[tuple[Any, ...], ...]) -> None:
        """Literals, not bound parameters: binding makes DuckDB import pandas, half a second for a few dates."""
        values = ", ".join("(" + ", ".join(map(quote_literal, record)) + ")" for record in rows)
        self.connection.execute(f"INSERT INTO {quote_identifier(name)} VALUES {values}")
