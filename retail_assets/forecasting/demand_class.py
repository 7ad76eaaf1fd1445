"""Demand classes after Syntetos and Boylan: how often a series sells, and how much the amounts differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retail_assets.forecasting.panel import Floats, Panel, blocks

CLASSES = ("smooth", "intermittent", "erratic", "lumpy")
INTERVAL = 1.32
"""Mean days between days with demand, from which on demand is intermittent."""
VARIATION = 0.49
"""Squared coefficient of variation of the amounts, from which on they are erratic."""


def demand_classes(panel: Panel) -> npt.NDArray[np.str_]:
    """The class of each series by its history since it began. One that never sold is intermittent."""
    sold = (panel.demand > 0).sum(axis=1)
    is_rare = (panel.days - panel.begins >= INTERVAL * sold) | (sold == 0)
    is_varied = np.concatenate(
        [_variation(panel.demand[rows]) >= VARIATION for rows in blocks(len(sold))] or [sold > 0]
    )
    return np.array(CLASSES)[is_rare + 2 * is_varied]


def _variation(demand: Floats) -> Floats:
    """The squared coefficient of variation of each series' amounts; 0 for one that never sold."""
    times = np.maximum((demand > 0).sum(axis=1), 1)
    mean = demand.sum(axis=1, dtype=np.float64) / times
    spread = ((demand - mean[:, None]) ** 2 * (demand > 0)).sum(axis=1, dtype=np.float64) / times
    return np.where(mean > 0, spread / np.where(mean > 0, mean**2, 1.0), 0.0)
