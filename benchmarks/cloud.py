"""``python -m benchmarks cloud``: the platform on S3 and Redshift, for which servers on this machine stand in.

S3 is a real server (SeaweedFS), PostgreSQL is itself, Redshift is simulated in front of it: its own speed cannot be
measured here, only what we and the line to it cost. What the servers take is told apart from what we take.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.data import Data
from benchmarks.findings import Finding
from benchmarks.machine import machine_facts, summary
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
    """Run the scenarios and print each one's table when it is done, the targets last."""
    options = _parser().parse_args(arguments)
    if unknown := set(options.scenarios) - set(SCENARIOS):
        raise SystemExit(f"no scenario {', '.join(sorted(unknown))}. There are: {', '.join(SCENARIOS)}")
    findings = list[Finding]()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="retail-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # where this is root, PostgreSQL runs as somebody else
        facts = machine_facts(folder)
        print(f"{summary(facts)}\n", flush=True)
        for scenario in options.scenarios or SCENARIOS:
            started = time.perf_counter()
            findings.append(SCENARIOS[scenario](_plan(options, folder)))
            print(f"{report.section(findings[-1])}\n", flush=True)
            print(f"{scenario} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(report.ratings(findings, TARGETS_ARE_FOR))
    if options.json:
        options.json.write_text(json.dumps(report.document(facts, findings), indent=1), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    known = argparse.ArgumentParser(prog="python -m benchmarks cloud", description="The platform on S3 and Redshift.")
    known.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)} (default: all)")
    known.add_argument("--quick", action="store_true", help="small sizes and one round")
    known.add_argument("--rounds", type=int, default=3, help="times that each work runs (default 3)")
    known.add_argument("--events", type=int, default=5_000_000, help="lake: events (default 5 million)")
    known.add_argument("--days", type=int, default=31, help="lake: days that they spread over (default 31)")
    known.add_argument("--objects", type=int, default=100_000, help="looks: objects that have landed (default 100,000)")
    known.add_argument("--new-objects", type=int, default=10_000, help="looks: new ones beside them (default 10,000)")
    known.add_argument("--rows", type=int, default=1_000_000, help="redshift: rows of features (default 1 million)")
    known.add_argument("--json", type=Path, help="write facts and figures to this file")
    known.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    known.add_argument("--data", type=Path, help="where to keep generated events for the next benchmark")
    return known


def _plan(options: argparse.Namespace, folder: Path) -> CloudPlan:
    names = ("rounds", "events", "days", "objects", "new_objects", "rows")
    sizes = {name: getattr(options, name) for name in names} | (QUICK_SIZES if options.quick else {})
    return CloudPlan(folder=folder, data=Data(options.data or folder / "data"), **sizes)
