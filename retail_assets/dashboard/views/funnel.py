"""Funnel: from view to cart to purchase, by event, by session, by day and by key."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from retail_assets.dashboard import charts, columns
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.keys import choose_key_type
from retail_assets.dashboard.opening import warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.dashboard.sessions import period_sessions
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import percent
from retail_assets.questions.period import Period

MOST_KEYS = 200
COLUMNS = {
    "key_value": columns.text("Key"),
    "views": columns.count("Views"),
    "carts": columns.count("Carts"),
    "purchases": columns.count("Purchases"),
    "cart_rate": columns.share("Carts per view"),
    "purchases_per_cart": columns.share("Purchases per cart"),
    "conversion": columns.share("Purchases per view"),
    "revenue": columns.amount("Revenue"),
}


def steps(*numbers: int) -> pd.DataFrame:
    """The three steps with their numbers and shares."""
    names, first = ("Viewed", "Added to cart", "Purchased"), numbers[0]
    labels = [
        f"{name}: {number:,} ({percent(number / first if first else None)})"
        for name, number in zip(names, numbers, strict=True)
    ]
    return pd.DataFrame({"step": names, "number": numbers, "label": labels})


def show_funnels(period: Period) -> Any:
    """Events at once; returns the place of the sessions, which take longer to count."""
    rows = warehouse().ask("periods", before=period.first, **period.bounds).to_pylist()
    left, right = st.columns(2)
    with left:
        st.subheader("By event", anchor=False)
        for row in rows:
            show_funnel(steps(row["views"], row["carts"], row["purchases"]), "events")
    with right:
        st.subheader("By session", anchor=False)
        return st.empty()


def show_funnel(found: pd.DataFrame, title: str) -> None:
    """A bar a step, and the numbers in words."""
    charts.show(charts.steps(found, title), f"Funnel of {title}: {', '.join(found['label'])}", 170)
    st.markdown(" → ".join(found["label"]))


def show_rates(period: Period) -> None:
    """The two rates day by day."""
    st.subheader("By day", anchor=False)
    dates = warehouse().ask("dates", **period.bounds).to_pandas()
    dates["cart_rate"] = dates["carts"] / dates["views"]
    long = dates.rename(columns={"cart_rate": "carts per view", "conversion": "purchases per view"}).melt(
        "date", ["carts per view", "purchases per view"], "rate", "share"
    )
    chart = charts.holiday_bands(warehouse().ask("holidays", **period.bounds))
    chart += charts.lines(long, "share", "share of views", ".2%", colour="rate", legend="rate")
    charts.show(chart, f"Line chart of carts and purchases per view, {period}", 260)


def show_keys(period: Period) -> None:
    """The most viewed keys."""
    st.subheader("By key", anchor=False)
    kind = choose_key_type("funnel_by", default="category_code")
    rows = warehouse().ask("funnel_keys", key_type=kind, limit=MOST_KEYS, **period.bounds)
    st.dataframe(rows, column_config=COLUMNS, hide_index=True, height=380, alt=f"Funnel by {KEY_TYPES[kind].lower()}")
    if rows.num_rows == MOST_KEYS:
        st.caption(f"The {MOST_KEYS} most viewed.")


def show_sessions(place: Any, period: Period) -> None:
    """Sessions by the furthest that they went."""
    place.caption("counting sessions …")
    days = period_sessions(period.first, period.last)
    with place.container():
        if not any(day.sessions for day in days):
            st.info("The events of this period carry no sessions.")
            return
        counts = (sum(getattr(day, name) for day in days) for name in ("with_view", "with_cart", "with_purchase"))
        show_funnel(steps(*counts), "sessions")


needs("features", "dim_date")
period = choose_period()
place = show_funnels(period)
show_rates(period)
show_keys(period)
show_sessions(place, period)
