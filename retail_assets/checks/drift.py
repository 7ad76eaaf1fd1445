"""Drift: a partition's measures against its own history, from the manifest. It warns and never blocks."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from retail_assets.engine.audit import Facts, Verdict
from retail_assets.engine.partition import Partition

VOLUME_WEEKS = 8
VOLUME_RANGE = (0.5, 2.0)
"""A day's rows as a share of the median of the same weekday: outside of it the check warns."""
COVERAGE_DAYS = 28
COVERAGE_DISTANCE = 0.1
"""How far the share of filled values may lie from its mean of the days before."""


@dataclass(frozen=True)
class Drift:
    """A comparison of a partition's facts with those of earlier dates; returns what is odd, or nothing."""

    name: str
    description: str
    odd: Callable[[Mapping[Partition, Facts], Partition, date], str]

    def judge(self, history: Mapping[Partition, Facts], partition: Partition) -> Verdict:
        """The verdict on one partition; an unpartitioned dataset has no history and passes."""
        day = partition.date
        detail = self.odd(history, partition, day) if day else ""
        return Verdict(self.name, partition, not detail, detail, blocking=False)


def _odd_volume(history: Mapping[Partition, Facts], partition: Partition, day: date) -> str:
    rows = history[partition].rows
    weeks = [7 * week for week in range(1, VOLUME_WEEKS + 1)]
    past = [facts.rows for facts in _before(history, day, weeks) if facts.rows]
    if len(past) < 2:
        return "" if rows else "no rows at all"
    usual = statistics.median(past)
    if VOLUME_RANGE[0] * usual <= rows <= VOLUME_RANGE[1] * usual:
        return ""
    return f"{rows:,} rows, {rows / usual:.0%} of the {usual:,.0f} that this weekday usually has"


def _odd_coverage(history: Mapping[Partition, Facts], partition: Partition, day: date) -> str:
    found = []
    for column, share in history[partition].filled.items():
        past = [f.filled[column] for f in _before(history, day, range(1, COVERAGE_DAYS + 1)) if column in f.filled]
        if len(past) >= 3 and abs(share - statistics.fmean(past)) > COVERAGE_DISTANCE:
            found.append(f"{share:.0%} of the events carry a {column}, {statistics.fmean(past):.0%} in the days before")
    return "; ".join(found)


def _before(history: Mapping[Partition, Facts], day: date, days_back: list[int] | range) -> list[Facts]:
    earlier = (Partition.of(date=(day - timedelta(days=back)).isoformat()) for back in days_back)
    return [history[partition] for partition in earlier if partition in history]


VOLUME = Drift(
    "volume",
    "Rows of the day against the median of the same weekday in the eight weeks before. Warns only.",
    _odd_volume,
)
COVERAGE = Drift(
    "key_coverage",
    "The share of events with a category, and with a brand, is that of the four weeks before. Warns only.",
    _odd_coverage,
)
