"""All three key types against the published script's way, on the same events."""

from __future__ import annotations

from benchmarks.data import megabytes
from benchmarks.findings import Finding, Rating, seconds
from benchmarks.measure import alternate
from benchmarks.plan import Plan
from benchmarks.retail import cold
from benchmarks.scenarios.month import PLATFORM, bare_script

TARGET_EVENTS = 5_000_000
PUBLISHED = "published script (dask and pandas)"


def published(plan: Plan) -> Finding:
    """How many times faster the platform is. The published script runs once: it takes minutes."""
    files = plan.data.month(plan.published_events, plan.days)
    runs = alternate(plan.rounds, {PLATFORM: lambda number: cold(plan.folder / f"cold-{number}", files)})
    runs |= alternate(
        1, {PUBLISHED: lambda _: bare_script("published_pipeline", files[0].parent, plan.folder / "published")}
    )
    ratio = seconds(runs[PUBLISHED]) / seconds(runs[PLATFORM])
    rating = Rating("published script against the platform", ratio, "× as long", 40, 60, at_least=True)
    about = f"{plan.published_events:,} events over {plan.days} days, {megabytes(files):,.0f} MB of CSV"
    return Finding("published", about, runs, (rating,), _notes(plan.published_events))


def _notes(events: int) -> tuple[str, ...]:
    if events == TARGET_EVENTS:
        return ()
    return (f"The target is for {TARGET_EVENTS:,} events: with {events:,} the platform's start weighs more.",)
