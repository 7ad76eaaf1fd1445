"""Rows to learn from: what was known of a series at an origin, and of the day ahead that is to be forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retail_assets.forecasting.panel import Floats, Integers, Panel

Columns = dict[str, npt.NDArray[Any]]

WINDOWS = (7, 28, 91, 364)
"""Days whose mean a row knows."""
WEEKS = (1, 4, 13)
"""Weeks whose mean on the weekday of the day ahead a row knows."""
RECENT = 28


@dataclass(frozen=True)
class Rows:
    """Features as columns, by name; every one is known at the origin, or a fact of the calendar."""

    names: tuple[str, ...]
    categorical: tuple[str, ...]
    values: Floats


def rows_at(panel: Panel, means: Floats, series: Integers, ahead: Integers) -> Rows:
    """One row for each pair of a series and a day ahead (1 is tomorrow) of the panel's last day.

    ``means`` is the default model's forecast from there: rows state what they know relative to it.
    """
    expected = np.maximum(means[series, ahead - 1], 1e-6)
    level = np.maximum(means[series].mean(axis=1), 1e-6)
    columns: Columns = {"log_expected": np.log(expected), "log_level": np.log(level), "ahead": ahead}
    columns |= _history(panel, series, level)
    columns |= _same_weekday(panel, series, ahead, expected)
    columns |= _calendar(panel, ahead)
    columns |= _prices(panel, series)
    groups = {name: codes[series] for name, codes in panel.groups.items()}
    columns |= groups
    values = np.column_stack([column.astype(np.float32) for column in columns.values()])
    return Rows(tuple(columns), tuple(groups), values)


def _history(panel: Panel, series: Integers, level: Floats) -> Columns:
    """Means of the last days as a share of the level, and how regularly the series sells."""
    demand = panel.demand[:, -max(WINDOWS) :]
    age = panel.days - panel.begins
    columns: Columns = {}
    for window in WINDOWS:
        days = np.clip(age, 1, window)
        columns[f"mean_{window}"] = (demand[:, -window:].sum(axis=1, dtype=np.float64) / days)[series] / level
    recent = demand[:, -RECENT:]
    sold = recent > 0
    quiet = np.where(sold.any(axis=1), sold[:, ::-1].argmax(axis=1), RECENT)
    spread = recent.std(axis=1, dtype=np.float64)
    return {
        **columns,
        "sold_share": sold.mean(axis=1)[series],
        "quiet_days": quiet[series],
        "spread": spread[series] / level,
        "age": np.minimum(age, max(WINDOWS))[series],
    }


def _same_weekday(panel: Panel, series: Integers, ahead: Integers, expected: Floats) -> Columns:
    """Means of the last weeks on the weekday of the day ahead, as a share of what is expected."""
    latest = panel.days - 1 - (-ahead % 7)
    columns: Columns = {}
    for weeks in WEEKS:
        days = latest[:, None] - 7 * np.arange(weeks)
        known = days >= 0
        found = np.where(known, panel.demand[series[:, None], np.maximum(days, 0)], 0.0)
        columns[f"weekday_{weeks}"] = found.sum(axis=1) / np.maximum(known.sum(axis=1), 1) / expected
    return columns


def _calendar(panel: Panel, ahead: Integers) -> Columns:
    """The day ahead in the calendar."""
    days = int(ahead.max(initial=1))
    dates = [panel.date_of(panel.days - 1 + day) for day in range(1, days + 1)]
    facts = {
        "weekday": [day.weekday() for day in dates],
        "day_of_month": [day.day for day in dates],
        "holiday": [day in panel.holidays for day in dates],
    }
    return {name: np.array(values)[ahead - 1] for name, values in facts.items()}


def _prices(panel: Panel, series: Integers) -> Columns:
    """The last known price, and as a share of the mean so far: nothing where there are no prices."""
    if panel.prices is None:
        return {}
    known = np.isfinite(panel.prices)
    last = panel.days - 1 - known[:, ::-1].argmax(axis=1)
    price = np.where(known.any(axis=1), panel.prices[np.arange(len(last)), last], np.nan)
    usual = np.nansum(panel.prices, axis=1) / np.maximum(known.sum(axis=1), 1)
    share = np.divide(price, usual, out=np.full_like(price, np.nan), where=usual > 0)
    return {"price": price[series], "price_share": share[series]}
