"""How far long work has come: parts and rows done, rows a second, time left. For people, in a terminal or a log."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

PROGRESS = logging.getLogger("retail_assets.progress")
"""Tells of work as it goes on; the arguments of a record are the name of the work and its Reach."""
SOON = 1.0
"""Seconds before which a rate would be a guess."""


@dataclass(frozen=True)
class Reach:
    """So many parts of so many are done, so many rows, after so many seconds.

    ``share`` is the share of the work that is done where that is known better than by counting parts.
    """

    done: int
    total: int
    noun: str = ""
    rows: int = 0
    seconds: float = 0.0
    share: float | None = None

    @property
    def part(self) -> float:
        """The share of the work that is done."""
        return self.share if self.share is not None else self.done / self.total if self.total else 1.0

    @property
    def pace(self) -> str:
        """Rows, rows a second and time left, as far as there is anything to say."""
        told = [f"{short_count(self.rows)} rows"] if self.rows else []
        if self.seconds >= SOON:
            told += [f"{short_count(self.rows / self.seconds)} rows/s"] if self.rows else []
            told += [f"about {short_time(self.seconds * (1 / self.part - 1))} left"] if 0 < self.part < 1 else []
        return ", ".join(told)

    def __str__(self) -> str:
        counted = f"{self.done:,} of {self.total:,}"
        share = f"{self.share:.0%}" if self.share is not None and 0 < self.share < 1 else ""
        return ", ".join(part for part in (f"{counted} {self.noun}".rstrip(), share, self.pace) if part)


@dataclass
class Pace:
    """Counts work in parts, and tells after each how far it has come."""

    name: str
    total: int
    noun: str
    done: int = 0
    rows: int = 0
    started: float = field(default_factory=time.perf_counter)

    def add(self, done: int, rows: int) -> None:
        """So many parts more are done, which hold so many rows."""
        self.done += done
        self.rows += rows
        seconds = time.perf_counter() - self.started
        PROGRESS.info("%s: %s", self.name, Reach(self.done, self.total, self.noun, self.rows, seconds))


def short_count(count: float) -> str:
    """A count in three digits or so: 950, 812 k, 16.4 M."""
    if count < 10_000:
        return f"{count:,.0f}"
    return f"{count / 1e3:,.0f} k" if count < 999_500 else f"{count / 1e6:,.1f} M"


def short_time(seconds: float) -> str:
    """A time as one would say it: 15 s, 12 min, 1.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
