"""What servers of this benchmark's own take while something else is measured: neither ours nor anybody else's."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import psutil

from benchmarks.measure import Measured


@dataclass
class Servers:
    """CPU seconds of the servers that this process has started, by the name of what was measured meanwhile."""

    spent: dict[str, list[float]] = field(default_factory=dict)

    def beside(self, name: str, work: Callable[[], Measured]) -> Measured:
        """Do the work; the servers' share of the cores does not count as other people's work."""
        before = _cpu_seconds()
        measured = work()
        seconds = _cpu_seconds() - before
        self.spent.setdefault(name, []).append(seconds)
        share = seconds / (measured.seconds * (os.cpu_count() or 1))
        return replace(measured, others=round(max(0.0, measured.others - share), 3))

    def notes(self) -> tuple[str, ...]:
        """What the servers took, as lines of a report."""
        return tuple(
            f"- beside {name}, the servers took {' and '.join(f'{seconds:.1f}' for seconds in found)} CPU s"
            for name, found in self.spent.items()
        )


def _cpu_seconds() -> float:
    """What all processes below this one have taken, and those that they have seen end, as PostgreSQL its backends."""
    found = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end at any moment
            found += sum(process.cpu_times()[:4])  # user and system, its own and of its children that have ended
    return found
