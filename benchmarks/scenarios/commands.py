"""What one waits for before any work begins."""

from __future__ import annotations

import sys

from benchmarks.findings import Finding, Rating, seconds
from benchmarks.measure import alternate, run
from benchmarks.plan import Plan
from benchmarks.retail import RETAIL, Retail

VALIDATE, HELP = "dagster definitions validate", "retail --help"
RUNS = 3


def commands(plan: Plan) -> Finding:
    """Both are short, so that they run some times more."""
    environment = Retail(plan.folder / "commands").environment
    works = {
        VALIDATE: lambda _: run([sys.executable, "-m", "dagster", "definitions", "validate"], environment),
        HELP: lambda _: run([*RETAIL, "--help"], environment),
    }
    runs = alternate(max(RUNS, plan.rounds), works)
    ratings = (Rating(VALIDATE, seconds(runs[VALIDATE]), "s", 2), Rating(HELP, seconds(runs[HELP]), "s", 0.3))
    return Finding("commands", "an empty platform", runs, ratings)
