"""Metrics: how far forecasts lie from what came, scaled so that series of all sizes compare.

Absolute errors reward forecasts that are too low where most days sell nothing. So RMSSE and bias decide; WMAPE and MASE
are for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retail_assets.forecasting.hierarchy import Level, hierarchy
from retail_assets.forecasting.panel import Booleans, Floats, Integers, Panel, sum_by

WEEK = 7
WEIGHT_DAYS = 28


@dataclass(frozen=True)
class Accuracy:
    """The errors of a set of series over one horizon; None where nothing defines a figure.

    ``bias`` is the share by which the forecast exceeds what came. ``mase`` and ``rmsse`` are means over the series that
    they are defined for, ``unscaled`` counts the others: those whose history never changed.
    """

    series: int
    units: float
    wmape: float | None
    mase: float | None
    rmsse: float | None
    bias: float | None
    sum_wmape: float | None
    coverage: float | None
    unscaled: int


@dataclass(frozen=True)
class Outcome:
    """What a model said and what came: series by day, with the history that scales the errors."""

    history: Panel
    actual: Floats
    mean: Floats
    lower: Floats | None = None
    upper: Floats | None = None

    def scaled_errors(self) -> tuple[Floats, Floats]:
        """MASE and RMSSE of each series; NaN where its history never changed."""
        error = self.mean - self.actual
        begins = self.history.begins()
        mase = _ratio(np.abs(error).mean(axis=1), seasonal_change(self.history.demand, begins))
        return mase, np.sqrt(_ratio((error**2).mean(axis=1), daily_change(self.history.demand, begins)))

    def accuracy(self, chosen: Booleans | None = None) -> Accuracy:
        """The accuracy over the chosen series, or all."""
        rows = np.ones(len(self.mean), dtype=bool) if chosen is None else chosen
        actual, error = self.actual[rows], (self.mean - self.actual)[rows]
        units = float(actual.sum())
        mase, rmsse = (scaled[rows] for scaled in self.scaled_errors())
        return Accuracy(
            series=int(rows.sum()),
            units=units,
            wmape=_share(np.abs(error).sum(), units),
            mase=_mean(mase),
            rmsse=_mean(rmsse),
            bias=_share(error.sum(), units),
            sum_wmape=_share(np.abs(error.sum(axis=1)).sum(), units),
            coverage=self._coverage(rows),
            unscaled=int(np.isnan(rmsse).sum()),
        )

    def _coverage(self, rows: Booleans) -> float | None:
        """The share of days on which what came lies within the interval."""
        if self.lower is None or self.upper is None or not rows.any():
            return None
        within = (self.actual >= self.lower) & (self.actual <= self.upper)
        return float(within[rows].mean())

    def wrmsse(self) -> float | None:
        """The M5 competition's metric: RMSSE at every level of the hierarchy, weighted by the last 28 days' sales.

        Sales are revenue where prices are known, else units.
        """
        found = [self.level_rmsse(level) for level in hierarchy(self.history)]
        known = [figure for figure in found if figure is not None]
        return float(np.mean(known)) if known else None

    def level_rmsse(self, level: Level) -> float | None:
        """The weighted RMSSE of the sums at one level; None where no group's history ever changed."""
        history = sum_by(level.codes, self.history.demand, level.count)
        error = sum_by(level.codes, self.mean - self.actual, level.count)
        weights = np.bincount(level.codes, _sales(self.history), level.count)
        rmsse = np.sqrt(_ratio((error**2).mean(axis=1), daily_change(history, _begins(history))))
        usable = np.isfinite(rmsse) & (weights > 0)
        return float(np.average(rmsse[usable], weights=weights[usable])) if usable.any() else None

    def level_wmape(self, level: Level) -> float | None:
        """The WMAPE of the sums at one level."""
        error = sum_by(level.codes, self.mean - self.actual, level.count)
        return _share(np.abs(error).sum(), float(self.actual.sum()))


def daily_change(demand: Floats, begins: Integers) -> Floats:
    """The mean squared change from one day to the next, from the day that a series begins."""
    return _mean_change(demand, begins, lag=1, power=2)


def seasonal_change(demand: Floats, begins: Integers) -> Floats:
    """The mean absolute change from one week to the next, from the day that a series begins."""
    return _mean_change(demand, begins, lag=WEEK, power=1)


def _mean_change(demand: Floats, begins: Integers, lag: int, power: int) -> Floats:
    change = np.abs(demand[:, lag:] - demand[:, :-lag]) ** power
    counts = np.arange(demand.shape[1] - lag) >= begins[:, None]
    return np.where(counts, change, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(counts.sum(axis=1), 1)


def _sales(history: Panel) -> Floats:
    """Each series' sales over the last 28 days: units times the day's price, or the latest before it."""
    units = history.demand[:, -WEIGHT_DAYS:].astype(np.float64)
    if history.prices is None:
        return units.sum(axis=1)
    prices = history.prices[:, -WEIGHT_DAYS:]
    typical = np.nan_to_num(_ratio(np.nansum(prices, axis=1), np.isfinite(prices).sum(axis=1)))
    return (units * np.where(np.isfinite(prices), prices, typical[:, None])).sum(axis=1)


def _begins(demand: Floats) -> Integers:
    sold = demand > 0
    return np.where(sold.any(axis=1), sold.argmax(axis=1), demand.shape[1])


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
