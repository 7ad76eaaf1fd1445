"""Runs scenarios one after another, and tells what each found as soon as it is done."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from benchmarks import report
from benchmarks.findings import Finding
from benchmarks.machine import machine_facts, summary

P = TypeVar("P")


def add_places(known: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """The options that all benchmarks of scenarios have."""
    known.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(names)} (default: all)")
    known.add_argument("--quick", action="store_true", help="small sizes and one round")
    known.add_argument("--rounds", type=int, default=3, help="times that each work runs (default 3)")
    known.add_argument("--json", type=Path, help="write facts and figures to this file")
    known.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    known.add_argument("--data", type=Path, help="where to keep generated events for the next benchmark")


def require_known(asked: Iterable[str], names: Iterable[str]) -> None:
    """Refuse a scenario that there is not.

    Raises:
        SystemExit: one of them is not known.
    """
    if unknown := set(asked) - set(names):
        raise SystemExit(f"no scenario {', '.join(sorted(unknown))}. There are: {', '.join(names)}")


def run_scenarios(
    scenarios: Mapping[str, Callable[[P], Finding]],
    plan: Callable[[Path], P],
    options: argparse.Namespace,
    sizes: str = report.FULL_SIZE,
) -> None:
    """Print each scenario's table when it is done and the targets last; with ``--json``, write all.

    ``sizes`` says what the targets are for.
    """
    findings = list[Finding]()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="retail-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # where this is root, PostgreSQL runs as somebody else
        facts = machine_facts(folder)
        print(f"{summary(facts)}\n", flush=True)
        for scenario, find in scenarios.items():
            started = time.perf_counter()
            findings.append(find(plan(folder)))
            print(f"{report.section(findings[-1])}\n", flush=True)
            print(f"{scenario} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(report.ratings(findings, sizes))
    if options.json:
        options.json.write_text(json.dumps(report.document(facts, findings), indent=1), encoding="utf-8")
