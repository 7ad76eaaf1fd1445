"""``python -m benchmarks cloud``: the platform on S3 and Redshift, for which servers on this machine stand in.

S3 is a real server (SeaweedFS), PostgreSQL is itself, Redshift is simulated in front of it: its own speed cannot be
measured here, only what we and the line to it cost. What the servers take is told apart from what we take.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data
from benchmarks.findings import Finding
from benchmarks.running import add_places, require_known, run_scenarios
from benchmarks.scenarios.lake_on_s3 import lake
from benchmarks.scenarios.looks import looks
from benchmarks.scenarios.redshift import redshift

QUICK_SIZES = {"rounds": 1, "events": 100_000, "objects": 1_000, "new_objects": 200, "rows": 20_000}
TARGETS_ARE_FOR = "The targets are for 5 million events and 100,000 objects, on 2 quiet cores."


@dataclass(frozen=True)
class CloudPlan:
    """Sizes of one benchmark, and where it may work."""

    folder: Path
    data: Data
    rounds: int
    events: int
    days: int
    objects: int
    new_objects: int
    rows: int


SCENARIOS: dict[str, Callable[[CloudPlan], Finding]] = {
    scenario.__name__: scenario for scenario in (lake, looks, redshift)
}


def main(arguments: Sequence[str]) -> None:
    """Run the scenarios that are asked for."""
    options = _parser().parse_args(arguments)
    require_known(options.scenarios, SCENARIOS)
    scenarios = {name: SCENARIOS[name] for name in options.scenarios or SCENARIOS}
    run_scenarios(scenarios, lambda folder: _plan(options, folder), options, TARGETS_ARE_FOR)


def _parser() -> argparse.ArgumentParser:
    known = argparse.ArgumentParser(prog="python -m benchmarks cloud", description="The platform on S3 and Redshift.")
    add_places(known, SCENARIOS)
    known.add_argument("--events", type=int, default=5_000_000, help="lake: events (default 5 million)")
    known.add_argument("--days", type=int, default=31, help="lake: days that they spread over (default 31)")
    known.add_argument("--objects", type=int, default=100_000, help="looks: objects that have landed (default 100,000)")
    known.add_argument("--new-objects", type=int, default=10_000, help="looks: new ones beside them (default 10,000)")
    known.add_argument("--rows", type=int, default=1_000_000, help="redshift: rows of features (default 1 million)")
    return known


def _plan(options: argparse.Namespace, folder: Path) -> CloudPlan:
    names = ("rounds", "events", "days", "objects", "new_objects", "rows")
    sizes = {name: getattr(options, name) for name in names} | (QUICK_SIZES if options.quick else {})
    return CloudPlan(folder=folder, data=Data(options.data or folder / "data"), **sizes)
