"""A cold backfill of a month, from one CSV file to the warehouse, beside the bare scripts."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.data import megabytes
from benchmarks.findings import Finding, Rating, cpu_seconds, peak_gib, seconds
from benchmarks.measure import Measured, alternate, run
from benchmarks.plan import Plan
from benchmarks.retail import cold

PLATFORM, DUCKDB, POLARS = "platform: retail backfill", "bare DuckDB script", "bare Polars script"


def month(plan: Plan) -> Finding:
    """Wall time against the faster of the bare scripts, memory, and bytes on disk."""
    files = plan.data.month(plan.events, plan.days)
    sizes: list[int] = []
    works = {
        PLATFORM: lambda number: cold(
            plan.folder / f"cold-{number}", files, lambda made: sizes.append(made.dataset_bytes("clean_events"))
        ),
        DUCKDB: lambda _: bare_script("bare_duckdb", files[0].parent, plan.folder / "duckdb"),
        POLARS: lambda _: bare_script("bare_polars", files[0].parent, plan.folder / "polars"),
    }
    runs = alternate(plan.rounds, works)
    ratio = seconds(runs[PLATFORM]) / min(seconds(runs[DUCKDB]), seconds(runs[POLARS]))
    ratings = (
        Rating("cold backfill against the faster bare script", ratio, "×", 1.7, 1.1),
        Rating("its peak memory", peak_gib(runs[PLATFORM]), "GiB", 4, 2),
        Rating("clean_events on disk against the CSV", max(sizes) / 1e6 / megabytes(files), "×", 0.25),
    )
    about = f"{plan.events:,} events over {plan.days} days, {megabytes(files):,.0f} MB of CSV"
    return Finding("month", about, runs, ratings, tuple(_per_million(runs, plan.events)))


def _per_million(runs: Mapping[str, list[Measured]], events: int) -> Iterator[str]:
    """CPU seconds tell more than wall time where other work shares the machine."""
    for name, measured in runs.items():
        cpu = cpu_seconds(measured)
        ratio = cpu / min(cpu_seconds(runs[DUCKDB]), cpu_seconds(runs[POLARS]))
        each = 1e6 / events
        yield (
            f"- {name}: {seconds(measured) * each:.2f} s and {cpu * each:.2f} CPU s per million events, "
            f"{ratio:.2f} × the CPU s of the cheaper bare script"
        )


def bare_script(name: str, source: Path, target: Path) -> Measured:
    """One run of a yardstick, whose output is removed."""
    measured = yardstick(name, source, target)
    shutil.rmtree(target)
    return measured


def yardstick(name: str, source: Path, target: Path) -> Measured:
    """One run of a yardstick, a process of its own."""
    return run([sys.executable, "-W", "ignore", "-m", f"benchmarks.yardsticks.{name}", str(source), str(target)])
