"""Charts: one look for all, the unit and the time zone on every axis."""

from __future__ import annotations

from typing import Any, TypeAlias

import altair as alt
import pandas as pd
import pyarrow as pa
import streamlit as st

Data: TypeAlias = pa.Table | pd.DataFrame
Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

DATES = alt.Axis(title="date (UTC)", format="%-d %b", labelFlush=False, grid=False, tickCount=8, labelOverlap="greedy")
SHADE = "#8894a0"


def show(chart: Chart, about: str, height: int = 300) -> None:
    """Put a chart on the page; ``about`` is what a screen reader says of it."""
    st.altair_chart(chart.properties(height=height), width="stretch", alt=about)


def holiday_bands(holidays: Data) -> Chart:
    """A shaded band for each holiday, with its name when pointed at."""
    return (
        alt.Chart(holidays)
        .transform_calculate(next="timeOffset('date', datum.date, 1)")
        .mark_rect(opacity=0.16, color=SHADE)
        .encode(
            x=alt.X("date:T", axis=DATES),
            x2="next:T",
            tooltip=[alt.Tooltip("date:T", format="%a %-d %b %Y"), alt.Tooltip("holiday_name:N", title="holiday")],
        )
    )


def lines(data: Data, measure: str, title: str, form: str, *, colour: str = "", legend: str = "") -> Chart:
    """A line a key over the dates, broken where a date is missing; hovering shows the values of a date."""
    base = alt.Chart(data).encode(x=alt.X("date:T", axis=DATES))
    y = alt.Y(f"{measure}:Q", title=title, axis=alt.Axis(format=form, tickCount=5))
    hues = _hues(colour, legend)
    tooltip = [
        alt.Tooltip("date:T", format="%a %-d %b %Y", title="date (UTC)"),
        *([alt.Tooltip(f"{colour}:N", title=legend)] if colour else []),
        alt.Tooltip(f"{measure}:Q", format=form, title=title),
    ]
    line = base.mark_line(strokeWidth=2, invalid="break-paths-show-domains").encode(y=y, **hues)
    near = alt.selection_point(on="pointerover", nearest=True, fields=["date"], empty=False)
    points = base.mark_point(filled=True, size=50).encode(
        y=y, tooltip=tooltip, opacity=alt.condition(near, alt.value(1), alt.value(0)), **hues
    )
    return alt.layer(line, points.add_params(near))


def _hues(colour: str, legend: str) -> dict[str, Any]:
    """Colours by a column, in the order of the data, named above the chart."""
    if not colour:
        return {}
    shown = alt.Legend(orient="top", title=legend or None, labelLimit=240, columns=3, symbolType="stroke")
    return {"color": alt.Color(f"{colour}:N", sort=None, legend=shown)}


def daily_bars(data: Data, measure: str, title: str, form: str) -> Chart:
    """A bar a date."""
    return (
        alt.Chart(data)
        .mark_bar(opacity=0.45, width={"band": 0.7})
        .encode(
            x=alt.X("date:T", axis=DATES),
            y=alt.Y(f"{measure}:Q", title=title, axis=alt.Axis(format=form, tickCount=5)),
            tooltip=[
                alt.Tooltip("date:T", format="%a %-d %b %Y", title="date (UTC)"),
                alt.Tooltip(f"{measure}:Q", format=form, title=title),
            ],
        )
    )


def stacked_days(data: Data, part: str, title: str, order: list[str], form: str = "~s") -> Chart:
    """A bar a date, stacked by part in the given order."""
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(date):T", axis=DATES),
            y=alt.Y("rows:Q", title=title, axis=alt.Axis(format=form, tickCount=5)),
            color=alt.Color(
                f"{part}:N",
                sort=order,
                scale=alt.Scale(domain=order),
                legend=alt.Legend(orient="top", title=None, columns=2, labelLimit=400),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("date:T", format="%a %-d %b %Y", title="date (UTC)"),
                alt.Tooltip(f"{part}:N", title="what became of them"),
                alt.Tooltip("rows:Q", format=",", title="rows"),
            ],
        )
    )


def changes(data: Data, title: str) -> Chart:
    """A bar a key, to the right for more and to the left for less."""
    base = alt.Chart(data).encode(
        y=alt.Y("key_value:N", sort=None, title=None, axis=alt.Axis(labelLimit=190, ticks=False, domain=False)),
        x=alt.X("change:Q", title=title, axis=alt.Axis(format="+,d", tickCount=5)),
        tooltip=[
            alt.Tooltip("key_value:N", title="key"),
            alt.Tooltip("purchases:Q", format=",", title="purchases now"),
            alt.Tooltip("purchases_before:Q", format=",", title="purchases before"),
            alt.Tooltip("change:Q", format="+,"),
        ],
    )
    hues = alt.Color("direction:N", scale=alt.Scale(domain=["more", "less"]), legend=None)
    return base.mark_bar(height={"band": 0.7}).encode(color=hues)


def steps(data: Data, title: str) -> Chart:
    """A funnel: a bar a step."""
    base = alt.Chart(data).encode(
        y=alt.Y("step:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelFontSize=14)),
        x=alt.X("number:Q", title=title, axis=alt.Axis(format="~s", tickCount=5)),
    )
    return base.mark_bar(height={"band": 0.65}).encode(tooltip=[alt.Tooltip("label:N", title=title)])


def ranked(data: Data, measure: str, title: str) -> Chart:
    """A bar a name, in the order of the data."""
    return (
        alt.Chart(data)
        .mark_bar(height={"band": 0.7})
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=170, ticks=False, domain=False)),
            x=alt.X(f"{measure}:Q", title=title, axis=alt.Axis(format="~s", tickCount=5)),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip(f"{measure}:Q", format=",.2f", title=title)],
        )
    )


def matrix(data: Data, across: str, down: str, measure: str, title: str) -> Chart:
    """A field a pair, the darker the more."""
    return (
        alt.Chart(data)
        .mark_rect()
        .encode(
            x=alt.X(f"{across}:N", title=None, axis=alt.Axis(labelAngle=-40, labelLimit=130)),
            y=alt.Y(f"{down}:N", title=None, axis=alt.Axis(labelLimit=130)),
            color=alt.Color(f"{measure}:Q", legend=alt.Legend(title=title, orient="top", format="~s")),
            tooltip=[
                alt.Tooltip(f"{down}:N"),
                alt.Tooltip(f"{across}:N"),
                alt.Tooltip(f"{measure}:Q", format=",.2f", title=title),
            ],
        )
    )
