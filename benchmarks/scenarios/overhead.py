"""Many partitions of next to no data: what Dagster, files and records cost beyond the queries."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.data import megabytes
from benchmarks.findings import Finding, Rating, seconds
from benchmarks.measure import Measured, alternate, run
from benchmarks.plan import Plan
from benchmarks.retail import Retail

EVENTS_PER_DAY = 20
KEY_TYPES = 3
WITH, WITHOUT = "through Dagster", "the steps alone"


def overhead(plan: Plan) -> Finding:
    """A backfill of tiny days against the same steps without Dagster, per partition of date and key type.

    The steps alone stage, audit and publish all the same, in one process; the difference is what runs, events and
    records of the instance cost. It is divided by the dates times the key types, though every such partition stands
    for several that are recorded (aggregates, features, warehouse): nothing is hidden by counting.
    """
    files = plan.data.month(EVENTS_PER_DAY * plan.overhead_days, plan.overhead_days)
    partitions = plan.overhead_days * KEY_TYPES
    works = {
        WITH: lambda number: _cold(Retail(plan.folder / f"with-{number}"), files, dagster=True),
        WITHOUT: lambda number: _cold(Retail(plan.folder / f"without-{number}"), files, dagster=False),
    }
    runs = alternate(plan.rounds, works)
    milliseconds = 1000 * (seconds(runs[WITH]) - seconds(runs[WITHOUT])) / partitions
    about = (
        f"{plan.overhead_days} days × {KEY_TYPES} key types, {EVENTS_PER_DAY} events a day, {megabytes(files):.1f} MB"
    )
    return Finding("overhead", about, runs, (Rating("overhead per partition", milliseconds, "ms", 30, 10),))


def _cold(platform: Retail, files: list[Path], *, dagster: bool) -> Measured:
    platform.deliver(files)
    alone = [sys.executable, "-m", "benchmarks.without_dagster"]
    measured = platform.backfill() if dagster else run(alone, platform.environment)
    platform.remove()
    return measured
