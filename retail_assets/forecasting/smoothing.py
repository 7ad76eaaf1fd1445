"""The default model: exponential smoothing of the level, times a season that groups of series share.

Single series say little of the last days; groups say more. So each series has a slow level of its own, and the groups
that it belongs to, from the total downwards, move it by as much as they have lately sold beyond what was expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retail_assets.forecasting.panel import Booleans, Floats, Integers, Panel, blocks, sum_by
from retail_assets.forecasting.season import Season, season

ALPHA = 0.05
"""Weight of the newest day in the level of a series: a day counts half as much as one two weeks later."""
SHARED_ALPHA = 0.1
"""The same in the level of a group."""
SHARED_CAUTION = 400.0
"""Units, weighted like the days, at which what a group sold counts as much as what was expected of it."""
MOST_MOVE = 1.5
"""A group moves its series by this factor at most, up or down."""
FIRST_DAY = 0.15
"""What the first sale of a series counts for: one knows of the series because it sold that day, as it seldom may."""
MEMORY = 400
"""Days that are looked at: what lies before them would weigh a billionth."""


@dataclass(frozen=True)
class Fit:
    """What was learnt: the level of each series on an ordinary day, and the season."""

    level: Floats
    season: Season

    def means(self, first: int, last: int) -> Floats:
        """What is expected of each series from one day to before another."""
        return self.level[:, None] * self.season.of(slice(None), first, last)


def smoothed(panel: Panel, horizon: int) -> Floats:
    """The mean of each series for each of the next ``horizon`` days; 0 for a series without any demand."""
    if not len(panel.ids):
        return np.zeros((0, horizon))
    return fit(panel, horizon).means(panel.days, panel.days + horizon)


def fit(panel: Panel, horizon: int) -> Fit:
    """Learn levels and season from the panel, bulk orders cut."""
    most = panel.caps
    seasonal = season(panel, most, horizon)
    level = _levels(panel, most, seasonal)
    return Fit(level * _shared_moves(panel, most, seasonal, level), seasonal)


def _levels(panel: Panel, most: Floats, seasonal: Season) -> Floats:
    """The level of each series: what it sold by what the season made of an ordinary day, recent days counting more."""
    first = max(0, panel.days - MEMORY)
    recency = (1 - ALPHA) ** np.arange(panel.days - first - 1, -1, -1)
    is_open = seasonal.is_open(first, panel.days)
    worth_since = _from_each_day_on(np.where(is_open, seasonal.factors[:, first : panel.days], 0.0) * recency)
    levels = np.zeros(len(panel.ids))
    for rows in blocks(len(levels)):
        cells = seasonal.cells[rows]
        begins = panel.begins[rows] - first
        units = np.where(is_open[cells], np.minimum(panel.demand[rows, first:], most[rows, None]), 0.0)
        new = _new(begins, panel.days - first)
        units[new, begins[new]] *= FIRST_DAY
        worth = worth_since[cells, np.maximum(begins, 0)]
        levels[rows] = np.where(worth > 0, (units @ recency) / np.where(worth > 0, worth, 1.0), 0.0)
    return levels


def _new(begins: Integers, days: int) -> Integers:
    """The series that were first seen within these days, and not on the first, before which nobody looked."""
    return np.flatnonzero((begins > 0) & (begins < days))


def _from_each_day_on(values: Floats) -> Floats:
    """By row, the sum from each day to the last; 0 behind it."""
    sums = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([sums, np.zeros((len(values), 1))], axis=1)


def _shared_moves(panel: Panel, most: Floats, seasonal: Season, level: Floats) -> Floats:
    """The factor by which the groups of each series have lately sold more than its and their levels said."""
    cells, days = seasonal.cells, panel.days
    first = max(0, days - MEMORY)
    recency = (1 - SHARED_ALPHA) ** np.arange(days - first - 1, -1, -1)
    is_open = seasonal.is_open(first, days)
    begins = panel.begins - first
    units = sum_by(cells, panel.demand[:, first:], most=most)
    new = _new(begins, days - first)
    first_sales = np.minimum(panel.demand[new, panel.begins[new]], most[new])
    np.subtract.at(units, (cells[new], begins[new]), (1 - FIRST_DAY) * first_sales)
    sold = np.where(is_open, units, 0.0) @ recency
    alive = _summed_since(begins, level, cells, is_open)
    expected = np.where(is_open, alive * seasonal.factors[:, first:days], 0.0) @ recency
    moves = np.ones(len(sold))
    for codes in seasonal.pools:
        above = np.bincount(codes, sold) + SHARED_CAUTION
        below = np.bincount(codes, expected * moves) + SHARED_CAUTION
        moves = moves * np.clip(above / below, 1 / MOST_MOVE, MOST_MOVE)[codes]
    return moves[cells]


def _summed_since(begins: Integers, level: Floats, cells: Integers, is_open: Booleans) -> Floats:
    """The levels of each cell's series that had begun, day by day."""
    count, days = is_open.shape
    started = np.zeros((count, days + 1))
    np.add.at(started, (cells, np.clip(begins, 0, days)), level)
    return np.cumsum(started, axis=1)[:, :days]
