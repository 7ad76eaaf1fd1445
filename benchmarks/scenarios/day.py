"""One new day on top of a long and of a short history; and the same again, with nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from benchmarks.data import START, products_of
from benchmarks.findings import Finding, Rating, seconds
from benchmarks.measure import Measured
from benchmarks.plan import Plan
from benchmarks.retail import Retail

DAYS_OF_MONTH = 31
NEW_DAY = "one new day, {} days of history"
SAME_DAY = "the same day again, {} days of history"
EVERYTHING = "everything again, {} days of history"


@dataclass(frozen=True)
class History:
    """A platform that holds so many days."""

    platform: Retail
    days: int

    def one_more(self, plan: Plan, number: int) -> dict[str, Measured]:
        """Bring the day after its last one, then ask twice more for what is there."""
        new = START + timedelta(self.days + number)
        self.platform.deliver(plan.data.days(plan.day_events, new, 1, _products(plan)))
        return {
            NEW_DAY.format(self.days): self.platform.backfill(),
            SAME_DAY.format(self.days): self.platform.backfill("--from", new.isoformat(), "--to", new.isoformat()),
            EVERYTHING.format(self.days): self.platform.backfill(),
        }


def day(plan: Plan) -> Finding:
    """Every round brings another new day, to each platform the one after its last."""
    histories = [_history(plan, days) for days in sorted(plan.histories, reverse=True)]
    runs: dict[str, list[Measured]] = {}
    for number in range(plan.rounds):
        for history in histories if number % 2 == 0 else reversed(histories):
            for name, measured in history.one_more(plan, number).items():
                runs.setdefault(name, []).append(measured)
    for history in histories:
        history.platform.remove()
    about = f"{plan.day_events:,} events on the new day, {plan.history_events_per_day:,} on each day before"
    return Finding("day", about, runs, _ratings(runs, histories[0].days, histories[-1].days))


def _history(plan: Plan, days: int) -> History:
    platform = Retail(plan.folder / f"history-{days}")
    platform.deliver(plan.data.days(plan.history_events_per_day, START, days, _products(plan)))
    platform.backfill()
    return History(platform, days)


def _products(plan: Plan) -> int:
    """As many on sale as in a shop that has the new day's events every day."""
    return products_of(plan.day_events * DAYS_OF_MONTH)


def _ratings(runs: dict[str, list[Measured]], longest: int, shortest: int) -> tuple[Rating, ...]:
    new, again = (seconds(runs[name.format(longest)]) for name in (NEW_DAY, SAME_DAY))
    growth = new / seconds(runs[NEW_DAY.format(shortest)])
    return (
        Rating(NEW_DAY.format(longest), new, "s", 12, 6),
        Rating(f"new day at {longest} days of history against {shortest}", growth, "×", 1.2, 1.05),
        Rating(SAME_DAY.format(longest), again, "s", 3, 2),
    )
