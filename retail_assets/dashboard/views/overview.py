"""Overview: how the shop does against the period before, what changed most, and whether the data can be trusted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from retail_assets.dashboard import charts
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.keys import choose_key_type
from retail_assets.dashboard.opening import warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.dashboard.problems import show_problems
from retail_assets.dashboard.sessions import period_sessions
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import change, compact, percent
from retail_assets.questions.period import Period

MOST_CHANGES = 10
HINTS = {"Revenue": "The prices of what was bought, in the shop's currency.", "Conversion": "Purchases per view."}
Row = dict[str, Any]


def show_totals(period: Period, dates: list[Row]) -> Any:
    """The totals with their trends; returns the place of the sessions, which take longer to count."""
    rows = {row["period"]: row for row in warehouse().ask("periods", before=period.before, **period.bounds).to_pylist()}
    now, before = rows.get("now", {}), rows.get("before", {})
    is_whole = before.get("dates") == now.get("dates")
    places = st.columns(5)
    measures = (
        (0, "Events", "events", compact),
        (2, "Purchases", "purchases", compact),
        (3, "Revenue", "revenue", compact),
        (4, "Conversion", "conversion", lambda value: percent(value, 2)),
    )
    for place, label, name, look in measures:
        places[place].metric(
            label,
            look(now.get(name)),
            change(now.get(name), before.get(name)) if is_whole else None,
            chart_data=[row[name] or 0 for row in dates],
            chart_type="area",
            border=True,
            height="stretch",
            help=HINTS.get(label),
        )
    sessions = places[1].empty()
    sessions.metric("Sessions", "counting …", border=True, height="stretch")
    return sessions, is_whole


def show_trend(period: Period) -> None:
    """Purchases and views day by day, holidays shaded."""
    dates, holidays = warehouse().ask("dates", **period.bounds), warehouse().ask("holidays", **period.bounds)
    left, right = st.columns(2)
    for place, name, title in ((left, "purchases", "purchases a day"), (right, "views", "views a day")):
        with place:
            chart = charts.holiday_bands(holidays) + charts.lines(dates, name, title, ",d")
            charts.show(chart, f"Line chart of {title}, {period}", 240)


def show_changes(period: Period) -> None:
    """The keys whose purchases changed most."""
    st.subheader("What changed most", anchor=False)
    kind = choose_key_type("movers_by", default="brand")
    reader, before = warehouse(), period.before
    rows = reader.ask("movers", before=before, key_type=kind, limit=MOST_CHANGES, **period.bounds).to_pandas()
    if rows.empty:
        st.info("No key sold more or less than in the period before.")
        return
    rows["direction"] = rows["change"].map(lambda value: "more" if value > 0 else "less")
    title = f"change in purchases against the {period.length} days before"
    charts.show(charts.changes(rows, title), f"{KEY_TYPES[kind]} whose purchases changed most", 330)


def show_sessions(place: Any, period: Period, *, is_whole: bool) -> None:
    """Count the sessions, and put them where they belong."""
    now = period_sessions(period.first, period.last)
    before = period_sessions(period.before, period.first, includes_last=False) if is_whole else []
    totals = [sum(day.sessions for day in days) for days in (now, before)]
    place.metric(
        "Sessions",
        compact(totals[0]),
        change(totals[0], totals[1]),
        chart_data=[day.sessions for day in now] or None,
        chart_type="area",
        border=True,
        height="stretch",
        help="Counted a day at a time: a session that lasts past midnight (UTC) counts on both days.",
    )


needs("features", "dim_date")
period = choose_period()
dates = warehouse().ask("dates", **period.bounds).to_pylist()
if published := warehouse().published_at():
    st.caption(f"{period}, compared with the {period.length} days before · published {published:%Y-%m-%d %H:%M:%S} UTC")
place, is_whole = show_totals(period, dates)
if not is_whole:
    st.caption("Before this period there are not as many days to compare the totals with.")
show_trend(period)
left, right = st.columns([3, 2])
with left:
    show_changes(period)
with right:
    show_problems(period)
show_sessions(place, period, is_whole=is_whole)
