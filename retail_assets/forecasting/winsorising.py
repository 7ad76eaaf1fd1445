"""Winsorising: bulk orders are cut to what a series might sell again. Training sees the cut; the facts stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from retail_assets.forecasting.panel import Booleans, Floats, Integers, Panel

TIMES_THE_MEDIAN = 40.0
"""A day that sells more than so many times the series' median day with demand is a bulk order."""
LEAST_DAYS = 5
"""A series with fewer days of demand is measured by the median of all series: its own may be the bulk order."""


@dataclass(frozen=True)
class Winsorised:
    """How many days of how many series training sees cut, by how many units."""

    days: int
    series: int
    units: float


def winsorised(panel: Panel) -> Winsorised:
    """Count what the caps of the panel cut."""
    most = panel.caps
    suspects = np.isfinite(most)
    over = np.maximum(panel.demand[suspects] - most[suspects, None], 0.0)
    above = over > 0
    return Winsorised(int(above.sum()), int(above.any(axis=1).sum()), float(over.sum(dtype=np.float64)))


def caps(demand: Floats) -> Floats:
    """The most that each series sells on a day without being a bulk order: 40 times its median day with demand.

    Infinity where no day is near it.
    """
    suspects = np.flatnonzero(demand.max(axis=1, initial=0.0) > TIMES_THE_MEDIAN)  # the median counts as 1 at least
    found = np.full(len(demand), np.inf)
    found[suspects] = TIMES_THE_MEDIAN * np.maximum(_typical_days(demand, suspects), 1.0)
    return found


def _typical_days(demand: Floats, chosen: Integers) -> Floats:
    """The median of the chosen series' days with demand; that of all series where there are too few such days."""
    own, known = _medians(demand[chosen])
    if known.all():
        return own
    medians, usable = _medians(demand)
    positive = demand[demand > 0]
    return np.where(known, own, np.median(medians[usable]) if usable.any() else np.median(positive))


def _medians(demand: Floats) -> tuple[Floats, Booleans]:
    """The median of each series' days with demand, and for which series there are enough of them."""
    series, days = np.arange(len(demand)), demand.shape[1]
    sold = (demand > 0).sum(axis=1)
    middle = np.minimum(days - sold + (sold - 1) // 2, days - 1)  # zeros sort first
    return np.sort(demand, axis=1)[series, middle], sold >= LEAST_DAYS
