"""Panels: many daily demand series side by side, as one matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from retail_assets.forecasting.winsorising import caps

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]
Booleans = npt.NDArray[np.bool_]

ROWS = 4096
"""Series that are worked on at a time, to bound memory."""
MANY_GROUPS = 16
"""Groups a column from which on it is quicker to sum column by column than group by group."""


@dataclass(frozen=True)
class Panel:
    """Units a day of many series over the same days: ``demand[i, t]`` is series i on day ``start + t``.

    A series begins on its first day with demand. Before it, it did not exist, and nothing is learnt from the zeros
    there; every later day counts, with 0 where nothing was recorded. ``groups`` holds a code per series for each group
    column, ``holidays`` the name of each day that has one, beyond the last day too. ``prices`` has the shape of
    ``demand`` and is NaN where no price is known.
    """

    ids: npt.NDArray[np.str_]
    start: date
    demand: Floats
    groups: Mapping[str, Integers] = field(default_factory=dict)
    holidays: Mapping[date, str] = field(default_factory=dict)
    prices: Floats | None = None

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.demand.shape[1])

    @property
    def end(self) -> date:
        """The last day: the origin of a forecast made from this panel."""
        return self.start + timedelta(days=self.days - 1)

    def date_of(self, day: int) -> date:
        """The date of a day's number, which may lie beyond the last."""
        return self.start + timedelta(days=day)

    def until(self, days: int) -> Panel:
        """The panel as it was after so many days, with only the series that had begun by then."""
        begun = self.begins < days
        chosen = slice(None) if begun.all() else begun  # a slice copies nothing
        prices = None if self.prices is None else self.prices[chosen, :days]
        groups = {name: codes[chosen] for name, codes in self.groups.items()}
        return replace(self, ids=self.ids[chosen], demand=self.demand[chosen, :days], groups=groups, prices=prices)

    @cached_property
    def begins(self) -> Integers:
        """The day with the first demand of each series; the number of days where there is none."""
        sold = self.demand > 0
        return np.where(sold.any(axis=1), sold.argmax(axis=1), self.days)

    @cached_property
    def caps(self) -> Floats:
        """The most that each series sells on a day without being a bulk order; infinity where no day is near it."""
        return caps(self.demand)

    def weekdays(self, first: int, last: int) -> Integers:
        """0 (Monday) to 6 of the days from one to before another."""
        return (np.arange(first, last) + self.start.weekday()) % 7

    def days_of_month(self, first: int, last: int) -> Integers:
        """0 to 30 of the days from one to before another."""
        return np.array([self.date_of(day).day - 1 for day in range(first, last)])


def blocks(count: int) -> Iterator[slice]:
    """So many series, a few thousand at a time."""
    for start in range(0, count, ROWS):
        yield slice(start, min(start + ROWS, count))


def sum_by(codes: Integers, values: Floats, count: int | None = None, most: Floats | None = None) -> Floats:
    """The rows of a matrix summed by group, in double precision; groups without a row are 0.

    ``most`` is what a value of each row counts as at most.
    """
    groups = int(codes.max(initial=-1)) + 1 if count is None else count
    if not len(codes):
        return np.zeros((groups, *values.shape[1:]))
    if values.ndim == 1:
        return np.bincount(codes, values, groups).astype(np.float64)
    if most is None and groups > MANY_GROUPS * values.shape[1]:
        return np.stack([np.bincount(codes, column, groups) for column in values.T], axis=1)
    totals = np.zeros((groups, *values.shape[1:]))
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    for code, rows in zip(present, np.split(order, starts[1:]), strict=True):
        chosen = values[rows] if most is None else np.minimum(values[rows], most[rows, None])
        totals[code] = chosen.sum(axis=0, dtype=np.float64)
    return totals


def combined(codes: Iterable[Integers], size: int) -> Integers:
    """One code for each combination of codes that occurs, numbered by first appearance; one group without any."""
    joint = np.zeros(size, dtype=np.int64)
    for each in codes:
        _, dense = np.unique(each, return_inverse=True)
        _, joint = np.unique(joint * (int(dense.max(initial=0)) + 1) + dense, return_inverse=True)
    _, first, inverse = np.unique(joint, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
