"""The range of dates that a page is about, which stays the same from page to page and stands in its address."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from retail_assets.dashboard.opening import warehouse
from retail_assets.questions.period import Period, usual_length

OWN = "Own dates"
PRESETS = {"7 days": 7, "14 days": 14, "28 days": 28, "90 days": 90, "All": None, OWN: None}


def choose_period(question: str = "reach") -> Period:
    """Let the user choose; the presets end at the last date that the question tells of, and so follow new data."""
    (reach,) = warehouse().ask(question).to_pylist()
    first, last = reach["first_date"], reach["last_date"]
    dates = (last - first).days + 1
    default = "All" if usual_length(dates) == dates else f"{usual_length(dates)} days"
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        chosen = st.segmented_control(
            "Period (UTC dates)",
            list(PRESETS),
            default=default,
            key="period",
            required=True,
            bind="query-params",
            wrap=True,
        )
    if chosen == OWN:
        with right:
            picked = _own_dates(first, last)
        return Period(picked[0], picked[-1])
    length = PRESETS[chosen or default]
    return Period(max(first, last - timedelta(days=length - 1)) if length else first, last)


def _own_dates(first: date, last: date) -> tuple[date, ...]:
    """The dates that the user picks; while only one end is picked, that day alone."""
    start = max(first, last - timedelta(days=13))
    picked: date | tuple[date, ...] = st.date_input(
        "First and last date", (start, last), first, last, key="dates", format="YYYY-MM-DD", bind="query-params"
    )
    chosen = picked if isinstance(picked, tuple) else (picked,)
    return chosen or (first, last)
