"""``python -m benchmarks``: the platform beside a bare DuckDB script, on data that it generates.

``python -m benchmarks landing`` measures the landing alone: see ``benchmarks/landing.py``.
"""

from __future__ import annotations

import argparse
import json
import platform as host
import shutil
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import psutil

from benchmarks import landing
from benchmarks.measure import Measured, run
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop

RETAIL = [sys.executable, "-m", "retail_assets.cli.main"]
START = date(2019, 10, 1)


def main() -> None:
    """Generate the data, run everything in turn, print a table and, with ``--json``, write the figures."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="retail-bench-") as folder:
        results = _measure(Path(folder), options)
    figures = {name: _summary(runs) for name, runs in results.items()}
    facts = {"events": options.events, "days": options.days, "rounds": options.rounds, "machine": _machine()}
    print(_table(figures, facts))
    if options.json:
        options.json.write_text(json.dumps({"facts": facts, "figures": figures}, indent=1), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000, help="events to generate (default 5 million)")
    parser.add_argument("--days", type=int, default=31, help="days that they spread over (default 31)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each running everything once (default 3)")
    parser.add_argument("--quick", action="store_true", help="300,000 events, one round")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--folder", type=Path, help="where to put the data (default: the system's temporary folder)")
    options = parser.parse_args()
    if options.quick:
        options.events, options.rounds = 300_000, 1
    return options


def _measure(folder: Path, options: argparse.Namespace) -> dict[str, list[Measured]]:
    """Every command once per round, alternating, so that a drift of the machine meets all alike."""
    month, day = folder / "month", folder / "day"
    last = START + timedelta(days=options.days - 1)
    generate_shop(ShopPlan(events=options.events, start=START, end=last, per_file="month"), month)
    one_day = ShopPlan(
        events=options.events // options.days, start=last + timedelta(1), end=last + timedelta(1), seed=1
    )
    generate_shop(one_day, day)
    results: dict[str, list[Measured]] = {}
    for number in range(options.rounds):
        target, data = folder / f"bare-{number}", folder / f"data-{number}"
        environment = {"RETAIL_DATA_DIR": str(data)}
        bare = [sys.executable, "-m", "benchmarks.bare_duckdb", str(month), str(target)]
        results.setdefault("bare DuckDB script", []).append(run(bare))
        run([*RETAIL, "land", *map(str, month.glob("*.csv"))], environment)
        backfill = [*RETAIL, "backfill"]
        results.setdefault("backfill of the month", []).append(run(backfill, environment))
        results.setdefault("backfill, nothing changed", []).append(run(backfill, environment))
        run([*RETAIL, "land", *map(str, day.glob("*.csv"))], environment)
        results.setdefault("backfill of one more day", []).append(run(backfill, environment))
        validate = [sys.executable, "-m", "dagster", "definitions", "validate"]
        results.setdefault("dagster definitions validate", []).append(run(validate, environment))
        results.setdefault("retail --help", []).append(run([*RETAIL, "--help"]))
        shutil.rmtree(target)
        shutil.rmtree(data)
    return results


def _summary(runs: list[Measured]) -> dict[str, float]:
    return {
        "seconds": statistics.median(item.seconds for item in runs),
        "fastest": min(item.seconds for item in runs),
        "slowest": max(item.seconds for item in runs),
        "cpu_seconds": statistics.median(item.cpu_seconds for item in runs),
        "peak_mb": max(item.peak_mb for item in runs),
    }


def _table(figures: dict[str, dict[str, float]], facts: dict[str, object]) -> str:
    lines = [
        f"{facts['events']:,} events over {facts['days']} days, median of {facts['rounds']} rounds; {facts['machine']}",
        "",
        "| what | seconds (fastest–slowest) | CPU s | peak MB |",
        "|---|---|---|---|",
    ]
    for name, row in figures.items():
        span = f"{row['seconds']:.2f} ({row['fastest']:.2f}–{row['slowest']:.2f})"
        lines.append(f"| {name} | {span} | {row['cpu_seconds']:.1f} | {row['peak_mb']:.0f} |")
    return "\n".join(lines)


def _machine() -> str:
    cores, memory = len(psutil.Process().cpu_affinity()), psutil.virtual_memory().total / 2**30
    return f"{cores} cores, {memory:.0f} GiB, {host.system()} {host.machine()}, Python {host.python_version()}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["landing"]:
        landing.main(sys.argv[2:])
    else:
        main()
