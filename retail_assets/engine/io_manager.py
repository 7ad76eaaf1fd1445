"""Any store as a Dagster IO manager."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from retail_assets.contracts import Contract, contract
from retail_assets.contracts.loader import read_contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Store
from retail_assets.engine.writing import write
from retail_assets.settings import settings


class StoreIOManager(dg.ConfigurableIOManager):
    """Keeps the datasets that have a contract; the last part of an asset's key is the dataset's name."""

    contracts: str = Field(
        default="", description="Folder with NAME.yaml, the contract of the asset of that name. Empty: this platform's."
    )

    @property
    @abstractmethod
    def store(self) -> Store:
        """Where the datasets are kept."""

    def load_input(self, context: dg.InputContext) -> Dataset:
        """The upstream's published partitions, as far as this run's partitions map to them: paths, never rows.

        A partition that was never published is absent from the Dataset; an empty one is present with 0 rows.
        """
        dataset = self.store.dataset(self.contract_of(context.asset_key))
        if not is_partitioned(context):
            return dataset
        wanted = set(context.asset_partition_keys)
        objects = tuple(stored for stored in dataset.objects if stored.partition.key in wanted)
        return replace(dataset, objects=objects)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Publish a Query, an Arrow table or a DataFrame as this run's partitions of the dataset.

        Raises:
            Failure: partitions break the contract; they are not published, what was there before stays.
        """
        item = self.contract_of(context.asset_key)
        keys = context.asset_partition_keys if context.has_asset_partitions else []
        rows, broken = write(self.store, item, obj, _partitions(item, keys), settings())
        context.add_output_metadata({"dagster/row_count": rows})
        if broken:
            named = "; ".join(f"{verdict.partition.key}: {verdict.detail}" for verdict in broken)
            raise dg.Failure(f"{item.name} was not published where it breaks its contract. {named}")

    def contract_of(self, key: dg.AssetKey) -> Contract:
        """The contract of an asset.

        Raises:
            KeyError: the platform knows none of that name.
            ValueError: there is none of that name in ``contracts``, it is no valid contract, or one of another dataset.
        """
        name = key.path[-1]
        if not self.contracts:
            return contract(name)
        path = Path(self.contracts) / f"{name}.yaml"
        if not path.exists():
            raise ValueError(f"the asset {name} has no contract: write {path.absolute()} (docs/adding_a_dataset.md)")
        item = read_contract(path)
        if item.name != name:  # two assets would publish over each other's dataset
            raise ValueError(
                f"{path.absolute()} is the contract of the asset {name}, but its schema is called {item.name!r}: "
                f"call it {name}"
            )
        return item


def is_partitioned(context: dg.InputContext) -> bool:
    """Whether the reading run has partitions; an unpartitioned reader gets everything, without a list of all keys."""
    step = context.step_context
    return context.has_asset_partitions and (step.has_partition_key or step.has_partition_key_range)


def _partitions(item: Contract, keys: Iterable[str]) -> list[Partition]:
    names = [column.name for column in item.partition_columns]
    return sorted(Partition.parse(key, names) for key in keys) or [Partition()]
