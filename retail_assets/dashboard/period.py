"""The range of dates that a page is about, which stays the same from page to page and stands in its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from retail_assets.dashboard.numbers import days
from retail_assets.dashboard.opening import warehouse

OWN = "Own dates"
PRESETS = {"7 days": 7, "14 days": 14, "28 days": 28, "90 days": 90, "All": None, OWN: None}


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


def choose_period() -> Period:
    """Let the user choose; the presets end at the last date that there is, and so follow new data."""
    (reach,) = warehouse().ask("reach").to_pylist()
    first, last = reach["first_date"], reach["last_date"]
    default = _longest((last - first).days + 1)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        chosen = st.segmented_control(
            "Period (UTC dates)", list(PRESETS), default=default, key="period", required=True, bind="query-params"
        )
    if chosen == OWN:
        with right:
            picked = _own_dates(first, last)
        return Period(picked[0], picked[-1])
    length = PRESETS[chosen or default]
    return Period(max(first, last - timedelta(days=length - 1)) if length else first, last)


def _longest(dates: int) -> str:
    """The longest preset up to four weeks that leaves as many dates before it, to compare with."""
    fitting = [name for name, length in PRESETS.items() if length and length <= min(28, dates // 2)]
    return fitting[-1] if fitting else "All"


def _own_dates(first: date, last: date) -> tuple[date, ...]:
    """The dates that the user picks; while only one end is picked, that day alone."""
    start = max(first, last - timedelta(days=13))
    picked: date | tuple[date, ...] = st.date_input(
        "First and last date", (start, last), first, last, key="dates", format="YYYY-MM-DD", bind="query-params"
    )
    chosen = picked if isinstance(picked, tuple) else (picked,)
    return chosen or (first, last)
