"""The lake as a Dagster IO manager, for this platform's assets and for anybody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.lake.folder_lake import FolderLake


class LakeIOManager(dg.ConfigurableIOManager):
    """Hands over the published partitions of a dataset, lazily: paths, never rows."""

    root: str

    @property
    def lake(self) -> FolderLake:
        """The lake below ``root``."""
        return FolderLake(Path(self.root))

    def load_input(self, context: dg.InputContext) -> Dataset:
        """The upstream's published partitions, as far as this run's partitions map to them.

        A partition that was never published is absent from the Dataset; an empty one is present with 0 rows.
        """
        dataset = self.lake.dataset(contract(context.asset_key.path[-1]))
        if not context.has_asset_partitions or (not context.has_partition_key and not _is_partitioned(context)):
            return dataset
        wanted = set(context.asset_partition_keys)
        objects = tuple(stored for stored in dataset.objects if stored.partition.key in wanted)
        return Dataset(dataset.contract, objects)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Stage, check and publish a Query, an Arrow table or a DataFrame as partitions of the dataset."""
        raise NotImplementedError


def _is_partitioned(context: dg.InputContext) -> bool:
    return context.step_context.has_partition_key or context.step_context.has_partition_key_range
