"""Hierarchies: the sums that people plan by, from the total down to the single series."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from retail_assets.forecasting.panel import Integers, Panel, combined

LEAST_SERIES = 20
"""A group of fewer series says more of chance than of its season."""


@dataclass(frozen=True)
class Level:
    """One way to cut all series into groups: the columns that it groups by and a code per series."""

    columns: tuple[str, ...]
    codes: Integers

    @property
    def name(self) -> str:
        """The level for people: total, store, store × dept, unique_id."""
        return " × ".join(self.columns) or "total"

    @property
    def count(self) -> int:
        """How many groups it has."""
        return int(self.codes.max(initial=-1)) + 1


def hierarchy(panel: Panel) -> list[Level]:
    """The total, every group column, every pair of them and the single series, each way of cutting once.

    Of item, dept, cat, store and state that is the twelve levels of the M5 competition.
    """
    size = len(panel.ids)
    cuts: list[tuple[str, ...]] = [(), *((name,) for name in panel.groups), *combinations(panel.groups, 2)]
    levels = [Level(columns, combined([panel.groups[name] for name in columns], size)) for columns in cuts]
    levels.append(Level(("unique_id",), np.arange(size)))
    distinct = {level.codes.tobytes(): level for level in reversed(levels)}
    return sorted(distinct.values(), key=lambda level: level.count)


def pools(panel: Panel) -> list[Level]:
    """The levels whose groups are large enough to learn a season from together, coarsest first."""
    size = len(panel.ids)
    return [level for level in hierarchy(panel) if level.count == 1 or level.count * LEAST_SERIES <= size]
