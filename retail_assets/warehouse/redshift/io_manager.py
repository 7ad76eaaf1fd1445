"""Redshift as a Dagster IO manager, for anybody's assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from retail_assets.engine.dataset import Dataset
from retail_assets.engine.io_manager import StoreIOManager, is_partitioned
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Store
from retail_assets.settings import RedshiftSettings, settings
from retail_assets.warehouse.redshift.reading import read, unload
from retail_assets.warehouse.redshift.store import RedshiftStore

if TYPE_CHECKING:
    import pyarrow as pa


class RedshiftIOManager(StoreIOManager):
    """Datasets as tables of Redshift, loaded from S3 partition by partition, each run in one transaction.

    What an asset returns (a Query, an Arrow table, a DataFrame) is held against the contract of the asset's name first.
    An asset that takes such an input gets an Arrow table, or a lazy Dataset where it is annotated with that.
    """

    redshift: dict[str, Any] = Field(
        default={},
        description="Fields of RedshiftSettings that differ from the RETAIL_REDSHIFT_* variables; never a password.",
    )

    @property
    def store(self) -> Store:
        """The tables."""
        return self._tables

    def load_input(self, context: dg.InputContext) -> pa.Table | Dataset:
        """The rows of the table, as far as this run's partitions map to them."""
        item = self.contract_of(context.asset_key)
        partitions = None
        if is_partitioned(context):
            names = [column.name for column in item.partition_columns]
            partitions = [Partition.parse(key, names) for key in context.asset_partition_keys]
        if context.dagster_type.typing_type is Dataset:
            return unload(self._tables, item, partitions)
        return read(self._tables, item, partitions)

    @property
    def _tables(self) -> RedshiftStore:
        if "password" in self.redshift:
            raise ValueError("a password does not belong into the configuration: set RETAIL_REDSHIFT_PASSWORD")
        chosen = settings()
        given = {name: getattr(chosen.redshift, name) for name in chosen.redshift.model_fields_set}
        return RedshiftStore(chosen.model_copy(update={"redshift": RedshiftSettings(**{**given, **self.redshift})}))
