"""Ranges: runs of consecutive dates, which Dagster can make in one run each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from retail_assets.engine.partition import Partition


def consecutive(partitions: Iterable[Partition], most: int | None = None) -> Iterator[list[str]]:
    """The dates of the partitions as ranges without a gap, of ``most`` dates at most; one empty range without dates."""
    chosen = list(partitions)
    if chosen == [Partition()]:
        yield []
        return
    days = sorted({day for partition in chosen if (day := partition.date)})
    found: list[date] = []
    for day in days:
        if found and (day - found[-1] > timedelta(days=1) or len(found) == most):
            yield [item.isoformat() for item in found]
            found = []
        found.append(day)
    if found:
        yield [item.isoformat() for item in found]
