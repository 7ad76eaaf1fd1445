"""Windows: which history a forecast of the platform's own series is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Window:
    """An origin, a key type, and the dates of its history that are known."""

    origin: date
    key_type: str
    dates: Sequence[date]

    @property
    def first(self) -> date:
        """The first date of the history."""
        return min(self.dates)
