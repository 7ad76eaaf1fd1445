"""Intervals: how far demand strays from its forecast, learnt from the model's own misses at earlier origins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retail_assets.forecasting.panel import Floats, Integers, Panel

Model = Callable[[Panel, int], Floats]
"""A point forecast: the mean by series and day ahead."""

INSIDE = 0.8
"""Share of days that the outer quantiles shall enclose."""
OUTER, MIDDLE = (1 - INSIDE) / 2, 0.5
CALIBRATIONS = 3
"""Earlier origins whose misses are learnt from; a single month would lend its own surprises to the next."""
LEAST_HISTORY = 28
"""Days from which a model is tested or its misses are learnt from."""
DISPERSION_DAYS = 112
SHRINKAGE = 10.0
"""Days with demand at which a series' own dispersion counts as much as that of all."""
POINTS_PER_BIN = 1000
MOST_BINS = 20
WITHOUT_HISTORY = (-1.28, 0.0, 1.28)
"""Standard scores of a normal distribution, for tables too short to learn from."""


@dataclass(frozen=True)
class Quantiles:
    """The 10 %, 50 % and 90 % quantiles by series and day ahead."""

    lower: Floats
    median: Floats
    upper: Floats


@dataclass(frozen=True)
class Calibration:
    """Standard scores of the three quantiles by size of the forecast: ``scores[b]`` holds up to ``edges[b]``."""

    edges: Floats
    scores: Floats

    def quantiles(self, panel: Panel, means: Floats) -> Quantiles:
        """The quantiles around these means; never negative, and in order."""
        scale = _scale(panel, means)
        scores = self.scores[np.searchsorted(self.edges, means)]
        lower, median, upper = (np.maximum(means + scores[..., kind] * scale, 0.0) for kind in range(3))
        return Quantiles(lower, np.maximum(median, lower), np.maximum(np.maximum(upper, median), lower))


def calibrated(panel: Panel, model: Model, horizon: int) -> Calibration:
    """Learn from the errors that the model would have made at earlier origins of the panel.

    The interval encloses 80 % of the days of all series of like size. Where more than a tenth of these sell nothing,
    the lower end is 0 and misses nothing, so that the upper end misses the whole fifth.
    """
    points = [_misses(panel, model, horizon, back * horizon) for back in range(1, CALIBRATIONS + 1)]
    found = [point for point in points if point is not None]
    if not found:
        return Calibration(np.empty(0), np.array([WITHOUT_HISTORY]))
    means, scales, actual = (np.concatenate(parts) for parts in zip(*found, strict=True))
    bins = int(np.clip(len(means) // POINTS_PER_BIN, 1, MOST_BINS))
    edges = np.unique(np.quantile(means, np.arange(1, bins) / bins))
    bin_of = np.searchsorted(edges, means)
    scores = np.array(
        [
            _scores(means[chosen], scales[chosen], actual[chosen])
            for chosen in (bin_of == number for number in range(len(edges) + 1))
        ]
    )
    return Calibration(edges, scores)


def _misses(panel: Panel, model: Model, horizon: int, back: int) -> tuple[Floats, Floats, Floats] | None:
    """Means, scales and what came, at the origin so many days ago; None where there is too little before it."""
    known = panel.days - back
    if known < LEAST_HISTORY:
        return None
    history = panel.until(known)
    means = model(history, horizon)
    actual = panel.demand[panel.begins < known, known : known + horizon].astype(np.float64)
    scales = _scale(history, means)
    usable = (means > 0) & (scales > 0)
    return (means[usable], scales[usable], actual[usable]) if usable.any() else None


def _scores(means: Floats, scales: Floats, actual: Floats) -> tuple[float, float, float]:
    """The standard scores that enclose the wanted share, the lower end being cut at 0."""
    if not len(means):
        return WITHOUT_HISTORY
    score = (actual - means) / scales
    low, middle = np.quantile(score, [OUTER, MIDDLE])
    below = float((actual < np.maximum(means + low * scales, 0.0)).mean())
    return float(low), float(middle), float(np.quantile(score, min(INSIDE + below, 1.0)))


def _scale(panel: Panel, means: Floats) -> Floats:
    """The standard deviation that the dispersion of the series gives a mean: it grows with the root of the mean."""
    return np.sqrt(_dispersion(panel)[:, None] * means)


def _dispersion(panel: Panel) -> Floats:
    """Variance over mean of the last days, shrunk towards that of all series."""
    recent = np.minimum(panel.demand[:, -DISPERSION_DAYS:], panel.caps[:, None]).astype(np.float64)
    age = np.minimum(panel.days - panel.begins, recent.shape[1])
    own, known = _variance_over_mean(recent, age)
    sold = (recent > 0).sum(axis=1)
    of_all = float(np.average(own[known], weights=sold[known])) if known.any() else 1.0
    return (sold * np.where(known, own, of_all) + SHRINKAGE * of_all) / (sold + SHRINKAGE)


def _variance_over_mean(demand: Floats, age: Integers) -> tuple[Floats, np.typing.NDArray[np.bool_]]:
    """Of each series since it began, and for which it is known: those that sold, on two days or more of age."""
    days = np.maximum(age, 1)
    mean = demand.sum(axis=1) / days
    variance = (demand**2).sum(axis=1) / days - mean**2
    known = (age > 1) & (mean > 0)
    return np.where(known, np.maximum(variance, 0.0) / np.where(known, mean, 1.0), 0.0), known
