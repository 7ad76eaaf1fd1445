"""Which dates and partitions a backfill goes over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from retail_assets.assets.marts import is_ready, mart_dates
from retail_assets.assets.materialization import runnable
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step, of_dates
from retail_assets.engine.partition import Partition


@dataclass(frozen=True)
class Chosen:
    """The dates to make, landed or made before, and the dates of the asked range that are neither.

    The latter are made too, as empty days, with ``include_empty``.
    """

    known: tuple[str, ...]
    absent: tuple[str, ...]
    include_empty: bool = False

    @property
    def dates(self) -> tuple[str, ...]:
        """The dates to make, in order."""
        return tuple(sorted({*self.known, *self.absent})) if self.include_empty else self.known


@dataclass(frozen=True)
class Stage:
    """The partitions of a step that are wanted: those that can be made, and those that lack their input."""

    step: Step
    ready: tuple[Partition, ...]
    without_input: tuple[str, ...]


def choose(platform: Platform, first: date | None, last: date | None, *, include_empty: bool) -> Chosen:
    """All known dates, or those from ``first`` to ``last``."""
    known = platform.known_dates()
    inside = within(known, first, last)
    if not (first or inside) or not (last or inside):
        return Chosen(inside, ())
    start = first or date.fromisoformat(inside[0])
    end = last or date.fromisoformat(inside[-1])
    every = [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]
    held = set(known)
    return Chosen(inside, tuple(day for day in every if day not in held), include_empty)


def stage_of(platform: Platform, step: Step, chosen: Chosen) -> Stage:
    """What is wanted of a step now: its upstreams' stages come before it."""
    wanted = of_dates(step.partitioning, chosen.dates)
    ready = runnable(platform, step, wanted)
    can_be_made = set(ready)
    return Stage(step, tuple(ready), tuple(item.key for item in wanted if item not in can_be_made))


def mart_stage(platform: Platform, step: Step, first: date | None, last: date | None) -> Stage:
    """What is wanted of a mart now: nothing where there is nothing yet to make it from."""
    if not is_ready(platform, step):
        return Stage(step, (), ())
    return stage_of(platform, step, Chosen(within(mart_dates(platform, step), first, last), ()))


def within(days: Iterable[str], first: date | None, last: date | None) -> tuple[str, ...]:
    """Those of the days that lie in the range; without a bound, it is open on that side."""
    start, end = first.isoformat() if first else "", last.isoformat() if last else "9999-12-31"
    return tuple(day for day in days if start <= day <= end)
