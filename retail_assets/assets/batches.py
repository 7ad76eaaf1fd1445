"""Batches: how many partitions one pass makes. Small days go together, a large day goes alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from retail_assets.engine.partition import Partition
from retail_assets.engine.session import MEBIBYTE, memory_limit_mb
from retail_assets.engine.staging import Output
from retail_assets.settings import Settings

MEMORY_SHARE = 1 / 40
"""Input bytes of a batch as a share of DuckDB's memory: Parquet grows about tenfold, and queries need room."""
MOST_PARTITIONS = 300


def batches(
    settings: Settings, outputs: Mapping[str, Output], partitions: list[Partition]
) -> Iterator[list[Partition]]:
    """Cut the partitions into batches of whole dates, in order of date."""
    limit = memory_limit_mb(settings) * MEBIBYTE * MEMORY_SHARE
    batch: list[Partition] = []
    size = 0
    for day in _days(partitions):
        weight = _input_bytes(outputs, day)
        if batch and (size + weight > limit or len(batch) + len(day) > MOST_PARTITIONS):
            yield batch
            batch, size = [], 0
        batch, size = [*batch, *day], size + weight
    if batch:
        yield batch


def _days(partitions: list[Partition]) -> Iterator[list[Partition]]:
    def date_text(partition: Partition) -> str:
        return partition.get("date") or ""

    for _, group in groupby(sorted(partitions, key=date_text), key=date_text):
        yield sorted(group)


def _input_bytes(outputs: Mapping[str, Output], day: list[Partition]) -> int:
    """Bytes of the inputs of the day itself; what a look-back adds is shared by the whole batch."""
    found = {
        stored
        for output in outputs.values()
        for _, dataset in output.query.datasets()
        for partition in day
        for stored in dataset.on_same_date(partition)
    }
    return sum(stored.bytes for stored in found)
