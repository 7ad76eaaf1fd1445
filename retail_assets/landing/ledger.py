"""The ledger: what landed, known by content. An append-only log of small JSON segments, each written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

State = Literal["landed", "duplicate", "blocked"]


@dataclass(frozen=True)
class Book:
    """How many rows of a file had an outcome: ``received``, ``clean`` (sent on to raw_events) or a reject reason."""

    date: str | None
    reason: str
    rows: int


@dataclass(frozen=True)
class LandedFile:
    """What the ledger knows of one file name: its content, its rows and what became of it.

    ``reader`` is the digest of everything that reading depends on, so that a changed setting is seen. ``as_of`` is
    the time at which the content first landed; it stays when the file is read again.
    """

    name: str
    state: State
    sha256: str
    bytes: int
    mtime_ns: int
    reader: str
    as_of: str
    rows: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    """Rows by date."""
    books: tuple[Book, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    """Counts worth a warning, by name, such as ``schema_added``."""
    detail: str = ""

    @property
    def file_id(self) -> str:
        """Names the content in the lake."""
        return self.sha256[:24]


@dataclass(frozen=True)
class Ledger:
    """The ledger in ``folder``. Writers hold the landing's lock; readers need none."""

    folder: Path

    def files(self) -> dict[str, LandedFile]:
        """The latest entry of every file name."""
        latest: dict[str, LandedFile] = {}
        for segment in sorted(self.folder.glob("*.json")):
            for item in json.loads(segment.read_text(encoding="utf-8")):
                latest[item["name"]] = _landed_file(item)
        return latest

    def append(self, files: Iterable[LandedFile]) -> None:
        """Add entries in one atomic step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in self.folder.glob("*.json")]
        segment = self.folder / f"{max(numbers, default=0) + 1:09d}.json"
        temporary = self.folder / f".{segment.name}.{os.getpid()}"
        temporary.write_text(json.dumps([asdict(item) for item in files], indent=1), encoding="utf-8")
        os.link(temporary, segment)
        temporary.unlink()


def _landed_file(item: dict[str, Any]) -> LandedFile:
    return LandedFile(**{**item, "books": tuple(Book(**book) for book in item["books"])})
