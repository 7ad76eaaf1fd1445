"""Winsorising: bulk orders are cut to what a series might sell again. Training sees the cut; the facts stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retail_assets.forecasting.panel import Floats, Panel

TIMES_THE_MEDIAN = 40.0
"""A day that sells more than so many times the series' median day with demand is a bulk order."""
LEAST_DAYS = 5
"""A series with fewer days of demand is measured by the median of all series: its own may be the bulk order."""


@dataclass(frozen=True)
class Winsorised:
    """Demand to train on, and how many days of how many series were cut by how many units."""

    demand: Floats
    days: int
    series: int
    units: float


def winsorised(panel: Panel) -> Winsorised:
    """Cut each day above 40 times the median of the series' days with demand."""
    demand = panel.demand
    caps = TIMES_THE_MEDIAN * _typical_days(demand)
    above = demand > caps[:, None]
    if not above.any():
        return Winsorised(demand, 0, 0, 0.0)
    cut = np.where(above, caps[:, None], demand).astype(demand.dtype)
    units = float(demand[above].sum(dtype=np.float64) - cut[above].sum(dtype=np.float64))
    return Winsorised(cut, int(above.sum()), int(above.any(axis=1).sum()), units)


def _typical_days(demand: Floats) -> Floats:
    """The median of each series' days with demand, at least 1: zeros sort first, so it lies amid the rest."""
    series, days = np.arange(len(demand)), demand.shape[1]
    sold = (demand > 0).sum(axis=1)
    ordered = np.sort(demand, axis=1)
    own = ordered[series, np.minimum(days - sold + (sold - 1) // 2, days - 1)]
    known = sold >= LEAST_DAYS
    positive = demand[demand > 0]
    of_all = np.median(own[known]) if known.any() else (np.median(positive) if len(positive) else 1.0)
    return np.maximum(np.where(known, own, of_all), 1.0)
