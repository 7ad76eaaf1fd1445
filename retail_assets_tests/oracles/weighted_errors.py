"""The weighted, scaled error of a hierarchy in plain Python loops, as the M5 competition defines it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any


def wrmsse(history: Any, actual: Any, mean: Any, levels: Sequence[Sequence[str]], labels: Mapping[str, Any]) -> float:
    """The mean over the levels of the RMSSE of each group, weighted by its units of the last 28 days."""
    return sum(_level(history, actual, mean, level, labels) for level in levels) / len(levels)


def _level(history: Any, actual: Any, mean: Any, level: Sequence[str], labels: Mapping[str, Any]) -> float:
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(history)):
        groups.setdefault(tuple(labels[name][row] for name in level), []).append(row)
    weighted = total = 0.0
    for rows in groups.values():
        past = [sum(float(history[row][day]) for row in rows) for day in range(len(history[0]))]
        while past and past[0] == 0:
            past.pop(0)
        changes = [(after - before) ** 2 for before, after in pairwise(past)]
        error = [sum(float(mean[row][day] - actual[row][day]) for row in rows) for day in range(len(actual[0]))]
        scaled = sqrt(sum(value**2 for value in error) / len(error) / (sum(changes) / len(changes)))
        weight = sum(past[-28:])
        weighted += weight * scaled
        total += weight
    return weighted / total
