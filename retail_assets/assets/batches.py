"""Batches: how many partitions one pass makes, and how many passes run at once. Small days share a pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from retail_assets.assets.step import Step
from retail_assets.engine.partition import Partition
from retail_assets.engine.session import MEBIBYTE, Capacity
from retail_assets.engine.staging import Output

MEMORY_SHARE = 1 / 40
"""Input bytes of a batch as a share of DuckDB's memory: Parquet grows about tenfold, and queries need room."""
MOST_PARTITIONS = 300
LEAST_MEMORY_MB = 512
"""What a session of its own needs, to be worth more than the threads that it takes from others."""
LEAST_BYTES = 2 * MEBIBYTE
"""Input of a batch that takes several times as long as opening a session."""


@dataclass(frozen=True)
class Plan:
    """The batches of a step, in order of date, how many of them run at once, and what each may use of the machine."""

    batches: list[list[Partition]]
    workers: int
    capacity: Capacity


def plan(capacity: Capacity, step: Step, outputs: Mapping[str, Output], partitions: list[Partition]) -> Plan:
    """Cut the partitions into batches of whole dates, and share the machine out between those that run at once.

    One thread per session is the cheapest way to use several cores: rows keep their order at no cost. What looks back
    goes in as few batches as memory allows, since each reads its look-back; so does what a warehouse loads.
    """
    if step.mart and step.store == "lake":  # its SQL is written as if there were one date
        workers = max(1, min(_most_workers(capacity), len(partitions)))
        return Plan([[partition] for partition in sorted(partitions)], workers, capacity.divided(workers))
    days = [(day, _input_bytes(outputs, day)) for day in _days(partitions)]
    workers = _most_workers(capacity) if _is_divisible(step) else 1
    share = capacity.divided(workers)
    limit = share.memory_mb * MEBIBYTE * MEMORY_SHARE
    if workers > 1:
        even = sum(weight for _, weight in days) / (2 * workers)  # twice, for no worker shall wait long for the last
        limit = min(limit, max(LEAST_BYTES, even))
    cut = list(_cut(days, limit))
    workers = max(1, min(workers, len(cut)))
    return Plan(cut, workers, capacity.divided(workers))


def _most_workers(capacity: Capacity) -> int:
    return max(1, min(capacity.threads, capacity.memory_mb // LEAST_MEMORY_MB))


def _is_divisible(step: Step) -> bool:
    return step.store == "lake" and not any(upstream.lookback_days for upstream in step.upstreams)


def _cut(days: list[tuple[list[Partition], int]], limit: float) -> Iterator[list[Partition]]:
    batch: list[Partition] = []
    size = 0
    for day, weight in days:
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
        stored: len(dataset.slices or ()) or 1
        for output in outputs.values()
        for _, dataset in output.query.datasets()
        for partition in day
        for stored in dataset.on_same_date(partition)
    }
    return sum(stored.bytes // dates for stored, dates in found.items())
