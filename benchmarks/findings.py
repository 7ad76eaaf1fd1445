"""What a scenario found: its runs, and figures held against targets."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.measure import Measured


@dataclass(frozen=True)
class Rating:
    """A figure that has a target; smaller is better unless ``at_least``."""

    name: str
    value: float
    unit: str
    target: float
    stretch: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the figure meets its target, or even the stretch target."""
        if self.stretch is not None and self._meets(self.stretch):
            return "stretch met"
        return "met" if self._meets(self.target) else "MISSED"

    def _meets(self, bound: float) -> bool:
        return self.value >= bound if self.at_least else self.value <= bound


@dataclass(frozen=True)
class Finding:
    """What one scenario found: the runs by name, the ratings drawn from them, and what a reader must know."""

    scenario: str
    about: str
    runs: Mapping[str, list[Measured]]
    ratings: tuple[Rating, ...] = ()
    notes: tuple[str, ...] = field(default=())


def seconds(runs: Iterable[Measured]) -> float:
    """Median wall time."""
    return statistics.median(item.seconds for item in runs)


def cpu_seconds(runs: Iterable[Measured]) -> float:
    """Median CPU time."""
    return statistics.median(item.cpu_seconds for item in runs)


def peak_gib(runs: Iterable[Measured]) -> float:
    """The highest peak of memory."""
    return max(item.peak_mb for item in runs) * 1e6 / 2**30
