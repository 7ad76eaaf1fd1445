"""What is to be said of the data of a period: what is missing, rejected or unaccounted for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from retail_assets.questions.numbers import day, percent
from retail_assets.questions.warehouse import Warehouse

KEPT = ("received", "clean", "excluded", "duplicate")
"""What the books call rows that were not rejected."""
MOST_NAMED = 3
LEVELS = ("error", "warning", "good")


@dataclass(frozen=True)
class Finding:
    """One line about the data."""

    level: Literal["error", "warning", "good"]
    text: str


def findings(warehouse: Warehouse, first: date, last: date, blocked: Collection[str]) -> list[Finding]:
    """What is to be said of the dates and of the landed files that are blocked, the worst first."""
    found = [*_gaps(warehouse, first, last), *_books(warehouse, first, last), *_files(sorted(blocked))]
    return sorted(found, key=lambda item: LEVELS.index(item.level))


def _gaps(warehouse: Warehouse, first: date, last: date) -> list[Finding]:
    rows = warehouse.ask("dates", first=first, last=last).to_pylist()
    missing = [day(row["date"]) for row in rows if row["events"] is None]
    if not missing:
        return [Finding("good", "No date is missing")]
    verb = "dates are" if len(missing) > 1 else "date is"
    return [Finding("warning", f"{len(missing):,} {verb} missing: {_some(missing)}")]


def _books(warehouse: Warehouse, first: date, last: date) -> list[Finding]:
    if "data_quality" not in warehouse.tables():
        return [Finding("warning", "The books are not built yet: the table data_quality is missing")]
    rows = warehouse.ask("books", first=first, last=last).to_pylist()
    received = sum(row["rows"] for row in rows if (row["stage"], row["reason"]) == ("landing", "received"))
    rejected = sum(row["rows"] for row in rows if row["reason"] not in KEPT)
    kept = sum(row["rows"] for row in rows if row["stage"] == "cleaning" and row["reason"] in KEPT[1:])
    share = f" ({percent(rejected / received, 2)})" if received and rejected else ""
    found = [Finding("warning" if rejected else "good", f"{rejected:,} of {received:,} rows rejected{share}")]
    if received == kept + rejected:
        return [*found, Finding("good", "The books balance: every row that came in is accounted for")]
    gap = f"{received:,} rows came in, {kept + rejected:,} are accounted for"
    return [*found, Finding("error", f"The books do not balance: {gap}. Look for days that are not built yet")]


def _files(blocked: list[str]) -> list[Finding]:
    if not blocked:
        return []
    return [
        Finding("error", f"{len(blocked):,} landed file{'s' if len(blocked) > 1 else ''} blocked: {_some(blocked)}")
    ]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
