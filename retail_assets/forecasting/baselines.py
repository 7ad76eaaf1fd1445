"""Baselines: what people would do anyway, and what every forecast must beat."""

from __future__ import annotations

import numpy as np

from retail_assets.forecasting.panel import Floats, Panel

WEEK = 7
MONTH = 28


def seasonal_naive(panel: Panel, horizon: int) -> Floats:
    """Each day as the same weekday of the last week; days before a series began count 0."""
    last = panel.demand[:, -WEEK:].astype(np.float64)
    week = np.concatenate([np.zeros((len(last), WEEK - last.shape[1])), last], axis=1)
    return np.tile(week, (1, -(-horizon // WEEK)))[:, :horizon]


def moving_average(panel: Panel, horizon: int) -> Floats:
    """Every day as the mean of the last 28 days, days before a series began counting 0."""
    mean = panel.demand[:, -MONTH:].sum(axis=1, dtype=np.float64) / min(MONTH, max(panel.days, 1))
    return np.repeat(mean[:, None], horizon, axis=1)


def zero(panel: Panel, horizon: int) -> Floats:
    """Nothing is ever sold: it wins on the mean absolute error of series that seldom sell, and never on bias."""
    return np.zeros((len(panel.ids), horizon))
