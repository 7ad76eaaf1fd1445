"""Several months in one backfill against one month: an event must not cost more for what lies beside it."""

from __future__ import annotations

from benchmarks.data import megabytes
from benchmarks.findings import Finding, Rating, peak_gib, seconds
from benchmarks.measure import alternate
from benchmarks.plan import Plan
from benchmarks.retail import cold


def months(plan: Plan) -> Finding:
    """Wall time per event, counted in bytes of CSV, of many months against that of the first one alone."""
    files = plan.data.months(plan.events_per_month, plan.months)
    one, many = "one month", f"{plan.months} months"
    works = {
        one: lambda number: cold(plan.folder / f"one-{number}", files[:1]),
        many: lambda number: cold(plan.folder / f"many-{number}", files),
    }
    runs = alternate(plan.rounds, works)
    ratio = (seconds(runs[many]) / megabytes(files)) / (seconds(runs[one]) / megabytes(files[:1]))
    ratings = (
        Rating(f"{many} against one, per event", ratio, "×", 1.15, 1.0),
        Rating(f"peak memory of {many}", peak_gib(runs[many]), "GiB", 4, 2),
    )
    return Finding(
        "months", f"{plan.events_per_month:,} events a month, {megabytes(files):,.0f} MB of CSV", runs, ratings
    )
