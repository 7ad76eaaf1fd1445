"""Charts in Vega-Lite: one look for all, the unit and the time zone on every axis.

A chart's tables have names of their own instead of being part of its description: where only numbers change, the
browser draws those and not the whole chart anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import streamlit as st

Data: TypeAlias = pa.Table | pd.DataFrame
Spec: TypeAlias = dict[str, Any]

SHADE = "#8894a0"
DATES = {
    "title": "date (UTC)", "format": "%-d %b", "labelFlush": False, "grid": False, "tickCount": 8,
    "labelOverlap": "greedy",
}  # fmt: skip
NUMBERS = {"tickCount": 5, "labelFlush": False}
DATE = {"field": "date", "type": "temporal", "format": "%a %-d %b %Y", "title": "date (UTC)"}
"""What a tooltip says of a date."""
NAMES = {"ticks": False, "domain": False, "labelOverlap": False, "labelFlush": False}


@dataclass(frozen=True)
class Chart:
    """Layers of a drawing, the first at the bottom, and the tables that they draw, by name."""

    layers: tuple[Spec, ...]
    tables: Mapping[str, Data]

    @classmethod
    def over(cls, name: str, data: Data, *layers: Spec) -> Chart:
        """Layers over one table, under a name that no other table of the drawing has."""
        return cls(tuple({"data": {"name": name}, **layer} for layer in layers), {name: data})

    def __add__(self, above: Chart) -> Chart:
        return Chart((*self.layers, *above.layers), {**self.tables, **above.tables})


def show(chart: Chart, about: str, height: int = 300) -> None:
    """Put a chart on the page; ``about`` is what a screen reader says of it."""
    spec = {"datasets": dict(chart.tables), "layer": list(chart.layers), "height": height}
    st.vega_lite_chart(spec, width="stretch", alt=about)


def holiday_bands(holidays: Data) -> Chart:
    """A shaded band for each holiday, with its name when pointed at."""
    name = {"field": "holiday_name", "type": "nominal", "title": "holiday"}
    band = {
        "transform": [{"calculate": "timeOffset('date', datum.date, 1)", "as": "next"}],
        "mark": {"type": "rect", "opacity": 0.16, "color": SHADE},
        "encoding": {"x": date_axis(), "x2": {"field": "next"}, "tooltip": [DATE, name]},
    }
    return Chart.over("holidays", holidays, band)


def lines(data: Data, measure: str, title: str, form: str, *, colour: str = "", legend: str = "") -> Chart:
    """A line a key over the dates, broken where a date is missing; hovering shows the values of a date."""
    value = {"field": measure, "type": "quantitative", "title": title}
    hues = _hues(colour, legend)
    named = [{"field": colour, "type": "nominal", "title": legend}] if colour else []
    place = {"x": date_axis(), "y": {**value, "axis": number_axis(form)}}
    line = {
        "mark": {"type": "line", "strokeWidth": 2, "invalid": "break-paths-show-domains"},
        "encoding": {**place, **hues},
    }
    unnamed = {channel: {**hue, "legend": None} for channel, hue in hues.items()}  # its symbols would be as pale as it
    points = {
        "params": [_nearest_date()],
        "mark": {"type": "point", "filled": True, "size": 50},
        "encoding": {**place, **unnamed, "opacity": _when_near(), "tooltip": [DATE, *named, {**value, "format": form}]},
    }
    return Chart.over("lines", data, line, points)


def daily_bars(data: Data, measure: str, title: str, form: str) -> Chart:
    """A bar a date."""
    value = {"field": measure, "type": "quantitative", "title": title}
    bars = {
        "mark": {"type": "bar", "opacity": 0.45, "width": {"band": 0.7}},
        "encoding": {
            "x": date_axis(),
            "y": {**value, "axis": number_axis(form)},
            "tooltip": [DATE, {**value, "format": form}],
        },
    }
    return Chart.over("bars", data, bars)


def stacked_days(data: Data, part: str, title: str, order: Sequence[str], form: str = "~s") -> Chart:
    """A bar a date, stacked by part in the given order."""
    hue = {
        "field": part,
        "type": "nominal",
        "sort": list(order),
        "scale": {"domain": list(order)},
        "legend": {"orient": "top", "title": None, "columns": 2, "labelLimit": 400},
    }
    value = {"field": "rows", "type": "quantitative"}
    bars = {
        "mark": "bar",
        "encoding": {
            "x": {**date_axis(), "timeUnit": "yearmonthdate"},
            "y": {**value, "title": title, "axis": number_axis(form)},
            "color": hue,
            "order": {"field": "place", "type": "quantitative"},
            "tooltip": [
                DATE,
                {"field": part, "type": "nominal", "title": "what became of them"},
                {**value, "format": ",", "title": "rows"},
            ],
        },
    }
    return Chart.over("bars", data, bars)


def changes(data: Data, title: str) -> Chart:
    """A bar a key, to the right for more and to the left for less."""
    change = {"field": "change", "type": "quantitative"}
    told = {"purchases": "purchases now", "purchases_before": "purchases before"}
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": _names("key_value", 190),
            "x": {**change, "title": title, "axis": number_axis("+,d")},
            "color": {"field": "direction", "type": "nominal", "scale": {"domain": ["more", "less"]}, "legend": None},
            "tooltip": [
                {"field": "key_value", "type": "nominal", "title": "key"},
                *({"field": name, "type": "quantitative", "format": ",", "title": as_} for name, as_ in told.items()),
                {**change, "format": "+,"},
            ],
        },
    }
    return Chart.over("bars", data, bars)


def steps(data: Data, title: str) -> Chart:
    """A funnel: a bar a step."""
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.65}},
        "encoding": {
            "y": _names("step", 190, size=14),
            "x": {"field": "number", "type": "quantitative", "title": title, "axis": number_axis("~s")},
            "tooltip": [{"field": "label", "type": "nominal", "title": title}],
        },
    }
    return Chart.over("bars", data, bars)


def ranked(data: Data, measure: str, title: str, beside: Mapping[str, str]) -> Chart:
    """A bar a name, in the order of the data; pointing at one tells also the measures ``beside``, by their titles."""
    value = {"field": measure, "type": "quantitative", "title": title}
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "y": _names("name", 170),
            "x": {**value, "axis": number_axis("~s")},
            "tooltip": [
                {"field": "name", "type": "nominal"},
                {**value, "format": ",.2f"},
                *(
                    {"field": other, "type": "quantitative", "title": as_, "format": ",.2f"}
                    for other, as_ in beside.items()
                ),
            ],
        },
    }
    return Chart.over("bars", data, bars)


def matrix(data: Data, across: str, down: str, measure: str, title: str) -> Chart:
    """A field a pair, the darker the more."""
    value, names = {"field": measure, "type": "quantitative"}, {**NAMES, "labelLimit": 130}
    fields = {
        "mark": "rect",
        "encoding": {
            "x": {"field": across, "type": "nominal", "title": None, "axis": {**names, "labelAngle": -40}},
            "y": {"field": down, "type": "nominal", "title": None, "axis": names},
            "color": {**value, "legend": {"title": title, "orient": "top", "labelExpr": "format(datum.value, '~s')"}},
            "tooltip": [
                {"field": down, "type": "nominal"},
                {"field": across, "type": "nominal"},
                {**value, "format": ",.2f", "title": title},
            ],
        },
    }
    return Chart.over("fields", data, fields)


def number_axis(form: str) -> dict[str, Any]:
    """An axis of numbers, each written by itself: by their common step, Vega writes 0k and 0.2k before 1k."""
    return {**NUMBERS, "labelExpr": f"format(datum.value, '{form}')"}


def date_axis() -> Spec:
    """Dates across, in UTC."""
    return {"field": "date", "type": "temporal", "axis": DATES}


def _names(field: str, width: int, *, size: int | None = None) -> Spec:
    """Names down the side, in the order of the data."""
    axis = {**NAMES, "labelLimit": width} | ({"labelFontSize": size} if size else {})
    return {"field": field, "type": "nominal", "sort": None, "title": None, "axis": axis}


def _hues(colour: str, legend: str) -> Spec:
    """Colours by a column, in the order of the data, named above the chart."""
    if not colour:
        return {}
    shown = {
        "orient": "top",
        "title": legend or None,
        "labelLimit": 240,
        "columns": 3,
        "symbolType": "stroke",
        "symbolOpacity": 1,
    }
    return {"color": {"field": colour, "type": "nominal", "sort": None, "legend": shown}}


def _nearest_date() -> Spec:
    chosen = {"type": "point", "on": "pointerover", "nearest": True, "fields": ["date"]}
    return {"name": "near", "select": chosen}


def _when_near() -> Spec:
    return {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0}
