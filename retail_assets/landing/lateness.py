"""Lateness: until when a day that people use may still change by itself.

A day is closed when it is published and the newest published day is more than the look-back ahead of it. Late events
for a closed day wait in the quarantine. A day that was never published is not late but missing: it is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from retail_assets.landing.ledger import LandedFile

TOO_LATE = "too_late"


def closed_dates(published: Iterable[str], lookback_days: int) -> frozenset[str]:
    """The published dates that are closed, as ISO text."""
    dates = set(published)
    if not dates:
        return frozenset()
    oldest_open = date.fromisoformat(max(dates)) - timedelta(days=lookback_days)
    return frozenset(day for day in dates if day < oldest_open.isoformat())


def open_from(closed: Iterable[str]) -> date | None:
    """The day after the last closed one: no event from then on can be late."""
    last = max(closed, default=None)
    return date.fromisoformat(last) + timedelta(days=1) if last else None


def came_too_late(entry: LandedFile) -> bool:
    """Whether events of the file are in quarantine for having come too late."""
    return any(book.reason == TOO_LATE for book in entry.rejected)
