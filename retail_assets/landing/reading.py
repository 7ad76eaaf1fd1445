"""What reading a file comes to: rows by date, rejected rows by date and reason, and oddities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from retail_assets.landing.layout import FileLayout
from retail_assets.landing.ledger import Book
from retail_assets.settings import Settings

Times = Literal["as_received", "utc_if_naive", "utc"]
"""How the times of events are kept: those that the platform would read otherwise are written anew, in UTC."""


@dataclass(frozen=True)
class Terms:
    """What a file is judged by that is not in the file: when it landed, and which dates were closed by then."""

    as_of: datetime
    closed: frozenset[str] = frozenset()
    times: Times = "as_received"


@dataclass(frozen=True)
class Reading:
    """What a file held: rows by date, rejected rows by date and reason, and oddities worth a warning, by code."""

    parts: dict[str, int]
    rejected: tuple[Book, ...]
    notes: dict[str, str] = field(default_factory=dict)


class Count(NamedTuple):
    """Rows of a day (None: without one) that have the same reject reason (None: none), and what is odd about some."""

    day: str | None
    reason: str | None
    rows: int
    cleaned: int
    naive: int
    timed: int


def reading_of(counts: Iterable[Count], layout: FileLayout, settings: Settings) -> Reading:
    """The reading that these counts come to."""
    rows: dict[tuple[str | None, str | None], int] = defaultdict(int)
    cleaned = naive = timed = 0
    for count in counts:
        rows[count.day, count.reason] += count.rows
        cleaned, naive, timed = cleaned + count.cleaned, naive + count.naive, timed + count.timed
    ordered = sorted(rows.items(), key=lambda item: tuple((part is None, part or "") for part in item[0]))
    return Reading(
        parts={day: number for (day, reason), number in ordered if day and reason is None},
        rejected=tuple(Book(day, reason, number) for (day, reason), number in ordered if reason),
        notes=_notes(layout, settings, cleaned, naive, timed),
    )


def _notes(layout: FileLayout, settings: Settings, cleaned: int, naive: int, timed: int) -> dict[str, str]:
    notes: dict[str, str] = {}
    if added := layout.added:
        notes["schema_added"] = f"{len(added)} unknown columns, kept as extra_columns: {', '.join(added)}"
    if missing := layout.missing:
        notes["schema_missing"] = f"{len(missing)} optional columns are missing, so NULL: {', '.join(missing)}"
    if settings.event_time_format == "iso" and 0 < naive < timed:
        zone = settings.source_timezone
        notes["mixed_time_zones"] = f"{naive:,} of {timed:,} times carry no zone, so {zone} was taken"
    if cleaned:
        notes["control_characters"] = f"taken out of {cleaned:,} rows"
    return notes
