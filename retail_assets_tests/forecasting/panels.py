"""Panels for tests: of given rows, and of a shop with a week, a closed holiday and series that begin late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from retail_assets.forecasting.panel import Panel

MONDAY = date(2018, 1, 1)
WEEK = np.array([0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 1.2])


def panel_of(rows: Sequence[Sequence[float]], groups: Mapping[str, Sequence[str]] | None = None, **more: Any) -> Panel:
    """A panel that starts on a Monday, with series a, b, c…"""
    demand = np.array(rows, dtype=np.float32)
    codes = {name: np.unique(np.array(labels), return_inverse=True)[1] for name, labels in (groups or {}).items()}
    ids = np.array([f"s{number:05d}" for number in range(len(demand))])
    return Panel(ids, MONDAY, demand, codes, **more)


def shop(series: int = 120, days: int = 400, seed: int = 1) -> Panel:
    """Poisson demand with a week, closed at Christmas, in three stores; each tenth series begins halfway."""
    chance = np.random.default_rng(seed)
    day = [MONDAY + timedelta(days=number) for number in range(days + 60)]
    holidays = {d: "Christmas Day" for d in day if (d.month, d.day) == (12, 25)}
    rates = chance.gamma(0.7, 3.0, (series, 1)) * WEEK[[d.weekday() for d in day[:days]]]
    demand = chance.poisson(rates).astype(float)
    demand[:, [number for number, d in enumerate(day[:days]) if d in holidays]] = 0
    demand[::10, : days // 2] = 0
    stores = [f"store {number % 3}" for number in range(series)]
    return panel_of(demand, {"store": stores}, holidays=holidays)
