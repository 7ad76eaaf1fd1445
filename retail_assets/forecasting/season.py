"""Seasons: how weekdays, days of the month and holidays move demand, learnt from groups of series together.

Every effect is shrunk by what chance alone would show (empirical Bayes): where there is no season, there is none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from retail_assets.forecasting.hierarchy import pools
from retail_assets.forecasting.panel import Booleans, Floats, Integers, Panel, combined, sum_by

HALF_WINDOW = 14
"""Days before and after a day whose mean is its level: whole weeks, so that no weekday shows in it."""
CLOSED = 0.2
"""On a day with less than this share of its level, the group was closed: it says nothing of weekdays and levels."""
CLOSING_UNITS = 50
"""A group that sells fewer units a day may sell next to nothing by chance."""
LEAST, MOST = 0.02, 10.0
"""Bounds of a season's factor: no day is worth nothing, and none more than ten."""


@dataclass(frozen=True)
class Season:
    """Factors by cell and day, over the history and the horizon; cells are the finest groups that share a season."""

    factors: Floats
    closed: Booleans
    """On which days of the history a cell was closed."""
    cells: Integers
    """The cell of each series."""
    pools: tuple[Integers, ...]
    """For each level at which cells learn together, coarsest first, the group of each cell."""

    def of(self, rows: slice, first: int, last: int) -> Floats:
        """The factors of these series from one day to before another."""
        return self.factors[self.cells[rows], first:last]

    def is_open(self, first: int, last: int) -> Booleans:
        """On which days the cells were not closed."""
        return ~self.closed[:, first:last]


def season(panel: Panel, most: Floats, horizon: int) -> Season:
    """Learn the season of the panel's groups, days cut to the ``most`` of their series; extend it over the horizon."""
    units = panel.demand.sum(axis=1, dtype=np.float64)
    bulky = np.isfinite(most)
    units[bulky] = np.minimum(panel.demand[bulky], most[bulky, None]).sum(axis=1, dtype=np.float64)
    levels = [apart(level.codes, units) for level in pools(panel)]
    cells = combined(levels, len(panel.ids))
    sums = sum_by(cells, panel.demand, most=most)
    trend = _level(sums)
    closed = _closed(sums, trend)
    first = np.unique(cells, return_index=True)[1]
    found = Season(np.ones((len(sums), panel.days + horizon)), closed, cells, tuple(codes[first] for codes in levels))
    for kinds, count, tells_closed in _classes(panel, horizon):
        counts = np.ones_like(closed) if tells_closed else ~closed
        actual = np.where(counts, sums, 0.0)
        for codes in found.pools:
            expected = np.where(counts, trend * found.factors[:, : panel.days], 0.0)
            effects = _effects(sum_by(codes, actual), sum_by(codes, expected), kinds[: panel.days], count)
            found = replace(found, factors=np.clip(found.factors * effects[codes][:, kinds], LEAST, MOST))
    return found


def apart(codes: Integers, units: Floats) -> Integers:
    """The groups, with a series that sells more than all others of its group together in a group of its own."""
    is_giant = (2 * units > np.bincount(codes, units)[codes]) & (np.bincount(codes)[codes] > 1)
    return combined([np.where(is_giant, codes.max() + 1 + np.arange(len(codes)), codes)], len(codes))


def _classes(panel: Panel, horizon: int) -> Iterator[tuple[Integers, int, bool]]:
    """What days have in common: a class per day, the number of classes, and whether closed days belong to them."""
    days = panel.days + horizon
    yield panel.weekdays(0, days), 7, False
    names = sorted(set(panel.holidays.values()))
    number = {name: position + 1 for position, name in enumerate(names)}
    found = (panel.holidays.get(panel.date_of(day)) for day in range(days))
    if names:
        yield np.array([number[name] if name else 0 for name in found]), len(names) + 1, True
    yield panel.days_of_month(0, days), 31, False


def _effects(actual: Floats, expected: Floats, kinds: Integers, count: int) -> Floats:
    """A factor for each group and class of days: the share that it sold more than expected, shrunk.

    The variance of the days of one class about their own mean tells what chance does to a class's mean; what the means
    differ by beyond that is the season.
    """
    usable = expected > 0
    ratio = np.where(usable, actual / np.where(usable, expected, 1.0) - 1.0, 0.0)
    days = np.stack([(usable & (kinds == kind)).sum(axis=1) for kind in range(count)], axis=1)
    means = np.stack([(ratio * (kinds == kind)).sum(axis=1) for kind in range(count)], axis=1) / np.maximum(days, 1)
    spread = np.where(usable, (ratio - means[:, kinds]) ** 2, 0.0).sum(axis=1)
    chance = spread / np.maximum(days.sum(axis=1) - (days > 0).sum(axis=1), 1)
    by_chance = chance[:, None] / np.maximum(days, 1)
    seen = days > 0
    classes = np.maximum(seen.sum(axis=1), 1)
    signal = np.where(seen, means**2 - by_chance, 0.0).sum(axis=1) / classes
    kept = np.maximum(signal, 0.0)[:, None]
    return 1.0 + np.where(seen & (kept > 0), means * kept / np.maximum(kept + by_chance, 1e-12), 0.0)


def _level(sums: Floats) -> Floats:
    """The mean of the days around each day."""
    days = sums.shape[1]
    running = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(sums, axis=1)], axis=1)
    first = np.maximum(np.arange(days) - HALF_WINDOW, 0)
    last = np.minimum(np.arange(days) + HALF_WINDOW, days)
    # At the edges, the window keeps its 28 days by reaching further on the other side.
    first, last = np.minimum(first, max(days - 2 * HALF_WINDOW, 0)), np.maximum(last, min(2 * HALF_WINDOW, days))
    return (running[:, last] - running[:, first]) / (last - first)


def _closed(sums: Floats, trend: Floats) -> Booleans:
    """Days on which a whole group sold next to nothing, while it sells every other day."""
    quiet = (sums < CLOSED * trend) & (trend >= CLOSING_UNITS)
    return quiet & (quiet.mean(axis=1, keepdims=True) < 0.1)
