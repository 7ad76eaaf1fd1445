"""A range of dates, and the one before it that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from retail_assets.questions.numbers import days

LENGTHS = (7, 14, 28)
"""Whole weeks, since weekdays differ more than weeks do."""


@dataclass(frozen=True)
class Period:
    """A range of UTC dates, and the start of an equally long one before it."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """Days from the first to the last, both included."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> date:
        """The first date of the period before."""
        return self.first - timedelta(days=self.length)

    @property
    def bounds(self) -> dict[str, date]:
        """Its values for a question."""
        return {"first": self.first, "last": self.last}

    def __str__(self) -> str:
        return days(self.first, self.last)


def usual_length(dates: int) -> int:
    """The most weeks, up to four, that leave as many before them to compare with; all dates where none does."""
    return max((length for length in LENGTHS if length <= dates // 2), default=dates)
