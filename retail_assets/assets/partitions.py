"""How Dagster sees partitions: definitions, mappings, and the way to and from ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import dagster as dg

from retail_assets.assets.step import Partitioning, Step, Upstream, of_dates
from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.settings import settings

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


@cache
def by_date() -> dg.DailyPartitionsDefinition:
    """UTC days from the platform's start to today, which is open until it ends."""
    return dg.DailyPartitionsDefinition(start_date=settings().start_date.isoformat(), end_offset=1)


@cache
def by_sales_date() -> dg.DailyPartitionsDefinition:
    """UTC days from the start of sales to today."""
    return dg.DailyPartitionsDefinition(start_date=settings().sales.start_date.isoformat(), end_offset=1)


class RememberingPartitions(dg.MultiPartitionsDefinition):
    """Days by something, which remembers the keys of the latest range and of today.

    Dagster asks for those of a range anew with the metadata of each of its partitions, for 200 days by three key types
    14 s; and for all there are in each run that reads all of them, 0.2 s.
    """

    def get_partition_keys_in_range(
        self, partition_key_range: dg.PartitionKeyRange, dynamic_partitions_store: Any = None
    ) -> Any:
        """The keys from the first to the last, both of which exist."""
        return self._keys(partition_key_range)

    @lru_cache(maxsize=1)  # noqa: B019 - there is one definition, for as long as there is a process
    def _keys(self, span: dg.PartitionKeyRange) -> Sequence[str]:
        return super().get_partition_keys_in_range(span)

    def _get_partition_keys(self, _current_time: datetime) -> Any:  # type: ignore[override]
        """Dagster's own memory, which asks for the microsecond: new keys come by the day."""
        return super()._get_partition_keys(
            _current_time=_current_time.replace(hour=0, minute=0, second=0, microsecond=0)
        )


@cache
def by_date_and_key() -> dg.MultiPartitionsDefinition:
    """UTC days by key type."""
    keys = contract("daily_aggregates").column("key_type").accepted
    return RememberingPartitions({"date": by_date(), "key_type": dg.StaticPartitionsDefinition(list(keys))})


def definition(step: Step) -> dg.PartitionsDefinition[str] | None:
    """Dagster's definition of a step's partitions."""
    days = by_sales_date() if step.domain == "sales" else by_date()
    return {"none": None, "date": days, "date_and_key": by_date_and_key()}[step.partitioning]


def mapping(step: Step, upstream: Upstream) -> dg.PartitionMapping | None:
    """Which partitions of the upstream a partition of the step reads."""
    if step.partitioning == "none":
        return dg.AllPartitionMapping() if upstream.partitioning != "none" else None
    if upstream.partitioning == "none":
        return None
    if step.partitioning == upstream.partitioning == "date_and_key" and upstream.lookback_days:
        return dg.MultiPartitionMapping(
            {
                "date": dg.DimensionPartitionMapping("date", _trailing(upstream.lookback_days)),
                "key_type": dg.DimensionPartitionMapping("key_type", dg.IdentityPartitionMapping()),
            }
        )
    if step.partitioning == upstream.partitioning == "date" and upstream.lookback_days:
        return _trailing(upstream.lookback_days)
    if step.partitioning == upstream.partitioning:
        return dg.IdentityPartitionMapping()
    return dg.MultiToSingleDimensionPartitionMapping("date")


def of_keys(partitioning: Partitioning, keys: Iterable[str]) -> list[Partition]:
    """Our partitions of Dagster's keys, in order."""
    columns = {"none": [], "date": ["date"], "date_and_key": ["date", "key_type"]}[partitioning]
    return sorted(Partition.parse(key, columns) for key in keys)


def range_tags(partitioning: Partitioning, first: str, last: str) -> dict[str, str]:
    """The tags that make one run of all partitions from one date to another."""
    if partitioning == "none":
        return {}
    return {RANGE_START: of_dates(partitioning, [first])[0].key, RANGE_END: of_dates(partitioning, [last])[-1].key}


def _trailing(days: int) -> dg.TimeWindowPartitionMapping:
    return dg.TimeWindowPartitionMapping(start_offset=-days, allow_nonexistent_upstream_partitions=True)
