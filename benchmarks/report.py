"""Findings as Markdown for people and as JSON for machines."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.findings import Finding, Rating
from benchmarks.machine import QUIET_SHARE
from benchmarks.measure import Measured

RUNS = (
    "| what | seconds (fastest–slowest) | CPU s | peak MB | read MB | written MB | others |",
    "|---|---|---|---|---|---|---|",
)
RATINGS = ("| what | measured | target | stretch | |", "|---|---|---|---|---|")
FULL_SIZE = (
    "The targets are for 42,448,764 events a month, 1.4 million on the new day with 200 days of as many before it, and "
    "5 million for the published script, on 2 quiet cores: with fewer events one measures how long it takes to start."
)
LOADED = "**The machine was loaded: times and what is drawn from them are no result.** See the sections above."
FIELDS = ("seconds", "cpu_seconds", "peak_mb", "read_mb", "written_mb", "others")


def section(finding: Finding) -> str:
    """What one scenario found, as a Markdown section."""
    rows = (_run_row(name, measured) for name, measured in finding.runs.items())
    lines = [f"## {finding.scenario}: {finding.about}", "", *RUNS, *rows, "", *finding.notes]
    return "\n".join([*lines, *_load_warning(finding)])


def ratings(findings: Sequence[Finding], sizes: str = FULL_SIZE) -> str:
    """All figures that have a target, as one table; ``sizes`` says what the targets are for."""
    rows = (_rating_row(rating) for finding in findings for rating in finding.ratings)
    loaded = ["", LOADED] if any(_largest_load(finding) > QUIET_SHARE for finding in findings) else []
    return "\n".join(["## Against the targets", "", *RATINGS, *rows, "", sizes, *loaded])


def document(facts: dict[str, object], findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything, for a file of JSON."""
    return {
        "machine": facts,
        "scenarios": [
            {
                **asdict(finding),
                "ratings": [{**asdict(rating), "verdict": rating.verdict} for rating in finding.ratings],
                "medians": {name: _medians(measured) for name, measured in finding.runs.items()},
            }
            for finding in findings
        ],
    }


def _medians(runs: Sequence[Measured]) -> dict[str, float]:
    return {name: statistics.median(getattr(item, name) for item in runs) for name in FIELDS}


def _run_row(name: str, runs: Sequence[Measured]) -> str:
    median, times = _medians(runs), [item.seconds for item in runs]
    spread = f" ({min(times):.2f}–{max(times):.2f})" if len(times) > 1 else ""
    peak = max(item.peak_mb for item in runs)
    return (
        f"| {name} | {median['seconds']:.2f}{spread} | {median['cpu_seconds']:.1f} | {peak:,.0f} "
        f"| {median['read_mb']:,.0f} | {median['written_mb']:,.0f} | {median['others']:.0%} |"
    )


def _rating_row(rating: Rating) -> str:
    sign = "≥" if rating.at_least else "≤"
    stretch = f"{sign} {rating.stretch:g}" if rating.stretch is not None else ""
    measured = f"{rating.value:,.0f} {rating.unit}" if rating.value >= 100 else f"{rating.value:.3g} {rating.unit}"
    return f"| {rating.name} | {measured} | {sign} {rating.target:g} | {stretch} | {rating.verdict} |"


def _load_warning(finding: Finding) -> Iterator[str]:
    """Said where other work took so much of the machine that wall times cannot be trusted."""
    if (largest := _largest_load(finding)) > QUIET_SHARE:
        median = statistics.median(_loads(finding))
        yield (
            f"**The machine was loaded:** other work took up to {largest:.0%} of its cores during a run "
            f"({median:.0%} in the median). Seconds are too long; compare CPU seconds, which grow less."
        )


def _largest_load(finding: Finding) -> float:
    return max(_loads(finding), default=0)


def _loads(finding: Finding) -> list[float]:
    """What other work took of the machine during each run, of those that lasted long enough to tell."""
    return [item.others for runs in finding.runs.values() for item in runs if item.seconds >= 1]
