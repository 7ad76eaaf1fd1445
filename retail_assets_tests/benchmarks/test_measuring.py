"""What the benchmarks measure, and what they say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.findings import Finding, Rating
from benchmarks.measure import Measured, alternate, run
from benchmarks.plan import SCENARIOS, chosen_scenarios, parser, planned

QUIET = Measured(seconds=2.0, cpu_seconds=3.0, peak_mb=100, read_mb=10, written_mb=5, others=0.01)
WORK = """
import multiprocessing, pathlib, sys

def work():
    held = bytearray(300_000_000)
    target = pathlib.Path(sys.argv[1])
    target.write_bytes(held[:20_000_000])
    len(target.read_bytes())
    sum(range(10_000_000))

if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
"""


def test_a_run_counts_what_its_children_use(tmp_path: Path) -> None:
    measured = run([sys.executable, "-c", WORK, str(tmp_path / "written")])

    assert measured.seconds > 0.1
    assert 0.1 < measured.cpu_seconds < 60
    assert measured.peak_mb > 300
    assert 20 <= measured.written_mb < 25
    assert measured.read_mb >= 20
    assert 0 <= measured.others <= 1


def test_a_run_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run([sys.executable, "-c", "raise SystemExit(3)"])


def test_works_take_turns() -> None:
    order: list[tuple[str, int]] = []

    def work(name: str, number: int) -> Measured:
        order.append((name, number))
        return QUIET

    runs = alternate(2, {"b": lambda number: work("b", number), "a": lambda number: work("a", number)})

    assert order == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]
    assert {name: len(found) for name, found in runs.items()} == {"b": 2, "a": 2}


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [
        (1.0, False, "stretch met"),
        (1.5, False, "met"),
        (1.8, False, "MISSED"),
        (1.8, True, "met"),
        (1.0, True, "MISSED"),
    ],
)
def test_a_figure_is_held_against_its_targets(value: float, at_least: bool, verdict: str) -> None:
    stretch = 2.0 if at_least else 1.1

    assert Rating("wall", value, "×", 1.7, stretch, at_least=at_least).verdict == verdict


def test_the_report_has_medians_spread_and_verdicts() -> None:
    runs = {"platform": [QUIET, replace(QUIET, seconds=4.0, peak_mb=200), replace(QUIET, seconds=2.5)]}
    finding = Finding("month", "1,000 events", runs, (Rating("wall", 1.5, "×", 1.7, 1.1),), ("A note.",))

    assert "| platform | 2.50 (2.00–4.00) | 3.0 | 200 | 10 | 5 | 1% |" in report.section(finding)
    assert "A note." in report.section(finding)
    assert "loaded" not in report.section(finding) + report.ratings([finding])
    assert "| wall | 1.5 × | ≤ 1.7 | ≤ 1.1 | met |" in report.ratings([finding])
    assert (
        json.loads(json.dumps(report.document({}, [finding])))["scenarios"][0]["medians"]["platform"]["seconds"] == 2.5
    )


def test_the_report_says_that_the_machine_was_loaded() -> None:
    finding = Finding("month", "1,000 events", {"platform": [replace(QUIET, others=0.4)]})

    assert "**The machine was loaded:** other work took up to 40%" in report.section(finding)
    assert "no result" in report.ratings([finding])


def test_scenarios_are_chosen_by_name(tmp_path: Path) -> None:
    chosen = parser().parse_args(["day", "month", "--histories", "200,30", "--events", "7"])

    assert chosen_scenarios(chosen) == ("month", "day")
    assert planned(chosen, tmp_path).histories == (200, 30)
    assert planned(chosen, tmp_path).events == 7
    assert chosen_scenarios(parser().parse_args([])) == SCENARIOS
    with pytest.raises(SystemExit, match="no scenario moon"):
        chosen_scenarios(parser().parse_args(["moon"]))
