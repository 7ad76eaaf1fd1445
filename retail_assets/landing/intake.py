"""The intake: takes one file after another through gate and reader, and says what became of each."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.gate import Inspected, inspect_file
from retail_assets.landing.inbox import Arrival, FileChanged, require_unchanged
from retail_assets.landing.lateness import TOO_LATE
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.reader import Reading, Terms, read_file
from retail_assets.landing.storage import PRIVATE, LandingStorage
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = logging.getLogger(__name__)
_CONTENT_DIGITS = 24


@dataclass
class Known:
    """The ledger's latest entries by name, and which name stands for each content."""

    entries: dict[str, LandedFile]
    _served: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._served = {_content(entry): name for name, entry in self.entries.items() if entry.file_id}

    @property
    def file_ids(self) -> set[str]:
        """The contents that some name stands for."""
        return {entry.file_id for entry in self.entries.values() if entry.file_id}

    def learn(self, entry: LandedFile) -> None:
        """Put an entry in the place of the one that its name had."""
        before = self.entries.get(entry.name)
        if before and before.file_id:
            self._served.pop(_content(before), None)
        if entry.file_id:
            self._served[_content(entry)] = entry.name
        self.entries[entry.name] = entry

    def original(self, name: str, sha256: str) -> str | None:
        """The other name under which these bytes have landed."""
        served = self._served.get(sha256[:_CONTENT_DIGITS])
        return served if served != name else None

    def is_settled(self, arrival: Arrival, reader: str) -> bool:
        """Whether this file, in this size, time and reading, has been dealt with."""
        entry = self.entries.get(arrival.name)
        if entry is None or (entry.bytes, entry.mtime_ns) != (arrival.bytes, arrival.mtime_ns):
            return False
        if entry.state == "withdrawn":
            return True
        if entry.reader != reader:
            return False
        # A duplicate takes the place of its original when that one's content is replaced.
        return entry.state != "duplicate" or entry.sha256[:_CONTENT_DIGITS] in self._served


@dataclass(frozen=True)
class Intake:
    """Takes files in, with one database session for all of them."""

    settings: Settings
    storage: LandingStorage
    known: Known
    reader: str
    """Digest of everything that reading depends on."""
    closed: frozenset[str] = frozenset()
    """Dates whose events come too late, unless the file brought that date before."""

    def take(self, arrival: Arrival, connection: DuckDBPyConnection, *, readmit: bool = False) -> LandedFile | None:
        """What became of the file; None of one that is still changing, which stays pending.

        With ``readmit`` none of its events is too late.
        """
        try:
            entry = self._take(arrival, connection, readmit)
        except FileChanged as error:
            LOG.info("%s: left until it keeps still", error)
            return None
        self.known.learn(entry)
        return entry

    def _take(self, arrival: Arrival, connection: DuckDBPyConnection, readmit: bool) -> LandedFile:
        with self._private() as folder:
            try:
                file = inspect_file(arrival, folder, self.settings.source_encoding)
                return self._settle(arrival, file, folder, connection, readmit)
            except BlockedFile as error:
                require_unchanged(arrival)  # else it was not the file's own fault
                LOG.error("%s", error)
                return self._blocked(arrival, error, arrival.mtime_ns)
            except PermissionError as error:
                if error.filename != str(arrival.path):
                    raise
                blocked = BlockedFile("unreadable_file", arrival.name, "may not be read", "Change its permissions.")
                LOG.error("%s", blocked)
                return self._blocked(arrival, blocked, 0)  # with another time, so that it is tried again

    def _settle(
        self, arrival: Arrival, file: Inspected, folder: Path, connection: DuckDBPyConnection, readmit: bool
    ) -> LandedFile:
        before = self._same_before(arrival, file)
        entry = self._new_entry(arrival, file, before, readmit)
        if before and before.file_id == entry.file_id:
            return entry._replace(
                parts=before.parts, sizes=before.sizes, rejected=before.rejected, notes=before.notes
            )  # fmt: skip
        if original := self.known.original(entry.name, entry.sha256):
            LOG.warning("%s holds the same bytes as %s: ignored", entry.name, original)
            return entry._replace(state="duplicate", file_id="", detail=f"the same bytes as {original}")
        closed = frozenset[str]() if readmit else self._closed_for(entry.name, before)
        terms = Terms(datetime.fromisoformat(entry.as_of), closed)
        reading = read_file(connection, file, folder, self.settings, terms)
        require_unchanged(arrival)
        return self._landed(entry, file, reading, folder)

    def _same_before(self, arrival: Arrival, file: Inspected) -> LandedFile | None:
        """The ledger's entry of the name, if it is about the same content."""
        before = self.known.entries.get(arrival.name)
        if before is None or before.state == "withdrawn":
            return None
        is_same = before.sha256 == file.sha256 or _content(before) == file.sha256[:_CONTENT_DIGITS]
        return before if is_same else None

    def _closed_for(self, name: str, before: LandedFile | None) -> frozenset[str]:
        """The dates for which this content comes too late: those that it came too late for when it first landed."""
        if before:
            return frozenset(book.date for book in before.rejected if book.reason == TOO_LATE and book.date)
        replaced = self.known.entries.get(name)
        return self.closed - set(replaced.parts) if replaced else self.closed

    def _landed(self, entry: LandedFile, file: Inspected, reading: Reading, folder: Path) -> LandedFile:
        sizes = {day: (folder / f"date={day}" / OBJECT_NAME).stat().st_size for day in reading.parts}
        self.storage.keep(folder, entry.file_id)
        notes = {**file.notes, **reading.notes}
        for code, text in notes.items():
            LOG.warning("%s: %s: %s", code, entry.name, text)
        return entry._replace(parts=reading.parts, sizes=sizes, rejected=reading.rejected, notes=notes)

    def _new_entry(self, arrival: Arrival, file: Inspected, before: LandedFile | None, readmit: bool) -> LandedFile:
        is_read = before is not None and f"-{self.reader}-" in before.file_id
        place = hashlib.sha256(f"{arrival.name}{'/readmitted' if readmit else ''}".encode()).hexdigest()[:8]
        return LandedFile(
            name=arrival.name,
            state="landed",
            sha256=file.sha256,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=self.reader,
            as_of=before.as_of if before else self._now(),
            file_id=before.file_id
            if before and is_read and not readmit
            else f"{file.sha256[:_CONTENT_DIGITS]}-{self.reader}-{place}",
        )

    def _blocked(self, arrival: Arrival, error: BlockedFile, mtime_ns: int) -> LandedFile:
        """The entry of a blocked file: what was there before stays."""
        before = self.known.entries.get(arrival.name)
        kept = before or LandedFile(arrival.name, "blocked", "", 0, 0, self.reader, self._now())
        return kept._replace(
            state="blocked",
            sha256="",
            bytes=arrival.bytes,
            mtime_ns=mtime_ns,
            reader=self.reader,
            code=error.code,
            detail=str(error),
        )

    def _now(self) -> str:
        return (self.settings.as_of or datetime.now(UTC)).isoformat(timespec="seconds")

    @contextmanager
    def _private(self) -> Iterator[Path]:
        self.storage.parts.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix=PRIVATE, dir=self.storage.parts))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _content(entry: LandedFile) -> str:
    return entry.file_id[:_CONTENT_DIGITS]
