"""What a benchmark is asked to do: sizes, rounds, scenarios; from the command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Data
from benchmarks.running import add_places, require_known

SCENARIOS = ("agreement", "month", "published", "months", "day", "overhead", "commands")
QUICK_SIZES = {
    "rounds": 1,
    "events": 200_000,
    "days": 8,
    "published_events": 5_000,
    "months": 2,
    "events_per_month": 5_000,
    "histories": (10, 3),
    "history_events_per_day": 500,
    "day_events": 20_000,
    "overhead_days": 10,
}


@dataclass(frozen=True)
class Plan:
    """Sizes of one benchmark, and where it may work."""

    folder: Path
    data: Data
    rounds: int
    events: int
    days: int
    published_events: int
    months: int
    events_per_month: int
    histories: tuple[int, ...]
    history_events_per_day: int
    day_events: int
    overhead_days: int


def parser() -> argparse.ArgumentParser:
    """The options of ``python -m benchmarks``."""
    known = argparse.ArgumentParser(prog="python -m benchmarks", description="The platform beside its yardsticks.")
    add_places(known, SCENARIOS)
    known.add_argument("--events", type=int, default=5_000_000, help="month: events (default 5 million)")
    known.add_argument("--days", type=int, default=31, help="month: days that they spread over (default 31)")
    known.add_argument("--published-events", type=int, default=500_000, help="published: events (default 500,000)")
    known.add_argument("--months", type=int, default=3, help="months: how many beside the one (default 3)")
    known.add_argument("--events-per-month", type=int, default=1_000_000, help="months: (default 1 million)")
    known.add_argument("--histories", default="200,30", help="day: days of history, by commas (default 200,30)")
    known.add_argument("--history-events-per-day", type=int, default=20_000, help="day: (default 20,000)")
    known.add_argument("--day-events", type=int, default=1_400_000, help="day: of the new day (default 1.4 million)")
    known.add_argument("--overhead-days", type=int, default=365, help="overhead: days of tiny data (default 365)")
    return known


def chosen_scenarios(options: argparse.Namespace) -> tuple[str, ...]:
    """The scenarios that were asked for, in their order.

    Raises:
        SystemExit: one of them is not known.
    """
    require_known(options.scenarios, SCENARIOS)
    without = {"months"} if options.quick else set()
    wanted = options.scenarios or set(SCENARIOS) - without
    return tuple(name for name in SCENARIOS if name in wanted)


def planned(options: argparse.Namespace, folder: Path) -> Plan:
    """The plan of these options, working below ``folder``."""
    sizes = {
        "rounds": options.rounds,
        "events": options.events,
        "days": options.days,
        "published_events": options.published_events,
        "months": options.months,
        "events_per_month": options.events_per_month,
        "histories": tuple(int(days) for days in options.histories.split(",")),
        "history_events_per_day": options.history_events_per_day,
        "day_events": options.day_events,
        "overhead_days": options.overhead_days,
    }
    if options.quick:
        sizes |= QUICK_SIZES
    return Plan(folder=folder, data=Data(options.data or folder / "data"), **sizes)
