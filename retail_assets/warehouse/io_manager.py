"""The warehouse as a Dagster IO manager, for anybody's assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.io_manager import StoreIOManager, is_partitioned
from retail_assets.engine.publication import Store
from retail_assets.settings import settings
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.partition_keys import key_of_row

if TYPE_CHECKING:
    import pyarrow as pa


class WarehouseIOManager(StoreIOManager):
    """Datasets as tables of one DuckDB file, loaded partition by partition and published atomically."""

    path: str

    @property
    def store(self) -> Store:
        """The warehouse file at ``path``."""
        return self._file

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """The rows of the table as an Arrow table, as far as this run's partitions map to them."""
        item = self.contract_of(context.asset_key)
        where = ""
        if is_partitioned(context) and item.partition_columns:
            keys = ", ".join(quote_literal(key) for key in sorted(context.asset_partition_keys))
            where = f" WHERE {key_of_row(item)} IN ({keys})"
        with self._file.reading() as connection:
            table = f"warehouse.{quote_identifier(item.name)}"
            return connection.execute(f"SELECT * FROM {table}{where}").to_arrow_table()

    @property
    def _file(self) -> DuckDBFile:
        return DuckDBFile(Path(self.path), settings())
