"""What is known about a generated shop: the books that cleaning must arrive at, file by file and day by day."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

from retail_assets.sources.synthetic_shop.plan import ShopPlan

Stage = Literal["landing", "cleaning"]
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class FileEntry:
    """One file as written."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class BookEntry:
    """Rows of one event date that a stage received, kept, excluded, removed or rejected.

    The date is None where event_time cannot be read. ``reason`` is ``received``, ``clean``, ``excluded``, ``duplicate``
    or the code of a reject. What landing received and did not reject, cleaning received; what cleaning received is the
    sum of its other reasons. So it is for every date, and in total.
    """

    date: date | None
    stage: Stage
    reason: str
    rows: int


@dataclass(frozen=True)
class TypeCount:
    """Clean rows of one event type on one date."""

    date: date
    event_type: str
    rows: int


@dataclass(frozen=True)
class ShopTruth:
    """The truth about a generated feed.

    It holds for a landing time between the plan's end and the year 2100, and a platform whose start date lies
    between 1971 and the plan's start. ``clean_by_type`` counts the clean rows, and ``products``, ``users`` and
    ``sessions`` the distinct identifiers in them; ``oddities`` counts clean rows that are odd in form; ``occasions``
    names the days that the shop treats as special.
    """

    plan: ShopPlan
    rows: int
    files: tuple[FileEntry, ...]
    books: tuple[BookEntry, ...]
    clean_by_type: tuple[TypeCount, ...]
    oddities: dict[str, int]
    products: int
    users: int
    sessions: int
    occasions: dict[date, str]

    def total(self, reason: str, stage: Stage = "cleaning") -> int:
        """Rows booked under a reason, over all dates."""
        return sum(entry.rows for entry in self.books if (entry.stage, entry.reason) == (stage, reason))

    def totals(self, stage: Stage) -> dict[str, int]:
        """Rows by reason, over all dates."""
        reasons = sorted({entry.reason for entry in self.books if entry.stage == stage})
        return {reason: self.total(reason, stage) for reason in reasons}

    def write(self, file: Path) -> None:
        """Write the truth as JSON, whole or not at all."""
        content = asdict(self) | {"occasions": {str(day): name for day, name in self.occasions.items()}}
        partial = file.with_name(f".{file.name}.tmp")
        partial.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")
        os.replace(partial, file)

    @classmethod
    def read(cls, file: Path) -> ShopTruth:
        """Read what ``write`` has written."""
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            plan=_restored(ShopPlan, content["plan"]),
            files=tuple(_restored(FileEntry, entry) for entry in content["files"]),
            books=tuple(_restored(BookEntry, entry) for entry in content["books"]),
            clean_by_type=tuple(_restored(TypeCount, entry) for entry in content["clean_by_type"]),
            occasions={date.fromisoformat(day): name for day, name in content["occasions"].items()},
            **{name: content[name] for name in ("rows", "oddities", "products", "users", "sessions")},
        )


def _restored(kind: type[Entry], entry: dict[str, Any]) -> Entry:
    """An entry with its dates, which JSON holds as text."""
    dates = {name: date.fromisoformat(entry[name]) for name in ("date", "start", "end") if entry.get(name)}
    return kind(**entry | dates)
