"""Metrics: how far forecasts lie from what came, scaled so that series of all sizes compare.

Absolute errors reward forecasts that are too low where most days sell nothing. So RMSSE and bias decide; WMAPE and MASE
are for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retail_assets.forecasting.hierarchy import Level, hierarchy
from retail_assets.forecasting.panel import Booleans, Floats, Integers, Panel, blocks, sum_by

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
class Measured:
    """One level of the hierarchy: its groups' mean squared change from day to day, and what they weigh."""

    level: Level
    change: Floats
    weights: Floats


@dataclass(frozen=True)
class Scales:
    """What errors after a history are measured by, computed once for all models."""

    history: Panel

    @cached_property
    def daily(self) -> Floats:
        """The mean squared change of each series from one day to the next, from the day that it begins."""
        return _mean_change(self.history.demand, self.history.begins, lag=1, power=2)

    @cached_property
    def weekly(self) -> Floats:
        """The mean absolute change of each series from one week to the next, from the day that it begins."""
        return _mean_change(self.history.demand, self.history.begins, lag=WEEK, power=1)

    @cached_property
    def levels(self) -> list[Measured]:
        """Every level of the hierarchy; sales weigh, which are revenue where prices are known, else units."""
        sales = _sales(self.history)
        levels = hierarchy(self.history)
        return [Measured(level, self._change(level), sum_by(level.codes, sales, level.count)) for level in levels]

    def _change(self, level: Level) -> Floats:
        if level.count == len(self.history.ids):
            return sum_by(level.codes, self.daily)
        sums = sum_by(level.codes, self.history.demand, level.count)
        return _mean_change(sums, _begins(sums), lag=1, power=2)


@dataclass(frozen=True)
class Outcome:
    """What a model said and what came: series by day, with what measures the errors."""

    scales: Scales
    actual: Floats
    mean: Floats
    lower: Floats | None = None
    upper: Floats | None = None

    @cached_property
    def scaled_errors(self) -> tuple[Floats, Floats]:
        """MASE and RMSSE of each series; NaN where its history never changed."""
        error = self.mean - self.actual
        mase = _ratio(np.abs(error).mean(axis=1), self.scales.weekly)
        return mase, np.sqrt(_ratio((error**2).mean(axis=1), self.scales.daily))

    def accuracy(self, chosen: Booleans | None = None) -> Accuracy:
        """The accuracy over the chosen series, or all."""
        rows = np.ones(len(self.mean), dtype=bool) if chosen is None else chosen
        actual, error = self.actual[rows], (self.mean - self.actual)[rows]
        units = float(actual.sum())
        mase, rmsse = (scaled[rows] for scaled in self.scaled_errors)
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
        """The M5 competition's metric: the mean over the hierarchy's levels of their weighted RMSSE."""
        found = [self._level_rmsse(measured) for measured in self.scales.levels]
        known = [figure for figure in found if figure is not None]
        return float(np.mean(known)) if known else None

    def _level_rmsse(self, measured: Measured) -> float | None:
        """The weighted RMSSE of the sums at one level; None where no group's history ever changed."""
        error = sum_by(measured.level.codes, self.mean - self.actual, measured.level.count)
        rmsse = np.sqrt(_ratio((error**2).mean(axis=1), measured.change))
        usable = np.isfinite(rmsse) & (measured.weights > 0)
        return float(np.average(rmsse[usable], weights=measured.weights[usable])) if usable.any() else None

    def level_wmape(self) -> dict[str, float | None]:
        """The WMAPE of the sums at each level, by its name."""
        error, units = self.mean - self.actual, float(self.actual.sum())
        levels = [measured.level for measured in self.scales.levels]
        return {level.name: _share(np.abs(sum_by(level.codes, error, level.count)).sum(), units) for level in levels}


def _mean_change(demand: Floats, begins: Integers, lag: int, power: int) -> Floats:
    found = np.zeros(len(demand))
    for rows in blocks(len(demand)):
        change = np.abs(demand[rows, lag:] - demand[rows, :-lag]) ** power
        counts = np.arange(demand.shape[1] - lag) >= begins[rows, None]
        total = np.where(counts, change, 0.0).sum(axis=1, dtype=np.float64)
        found[rows] = total / np.maximum(counts.sum(axis=1), 1)
    return found


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
