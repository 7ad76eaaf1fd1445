"""Freshness of dates: which days never came, which landed but were not published, and how old the last one is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Freshness:
    """What is missing between the first and the last date of a dataset."""

    never_came: tuple[date, ...]
    not_published: tuple[date, ...]
    last: date | None
    age_days: int | None

    @property
    def is_complete(self) -> bool:
        """Whether every date between the first and the last has landed and is published."""
        return not self.never_came and not self.not_published


def freshness(landed: Iterable[str], published: Iterable[str], today: date) -> Freshness:
    """Compare the dates that landed with those that a dataset has."""
    came = {date.fromisoformat(day) for day in landed}
    has = {date.fromisoformat(day) for day in published}
    known = sorted(came | has)
    if not known:
        return Freshness((), (), None, None)
    every = (known[0] + timedelta(days=n) for n in range((known[-1] - known[0]).days))
    last = max(has) if has else None
    return Freshness(
        never_came=tuple(day for day in every if day not in came and day not in has),
        not_published=tuple(sorted(came - has)),
        last=last,
        age_days=(today - last).days if last else None,
    )
