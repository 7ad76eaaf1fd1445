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
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.reader import Reading, read_file
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
        if entry is None or entry.reader != reader:
            return False
        if (entry.bytes, entry.mtime_ns) != (arrival.bytes, arrival.mtime_ns):
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

    def take(self, arrival: Arrival, connection: DuckDBPyConnection) -> LandedFile | None:
        """What became of the file; None of one that is still changing, which stays pending."""
        try:
            entry = self._take(arrival, connection)
        except FileChanged as error:
            LOG.info("%s: left until it keeps still", error)
            return None
        self.known.learn(entry)
        return entry

    def _take(self, arrival: Arrival, connection: DuckDBPyConnection) -> LandedFile:
        with self._private() as folder:
            try:
                file = inspect_file(arrival, folder, self.settings.source_encoding)
                return self._settle(arrival, file, folder, connection)
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

    def _settle(self, arrival: Arrival, file: Inspected, folder: Path, connection: DuckDBPyConnection) -> LandedFile:
        entry = self._new_entry(arrival, file)
        before = self.known.entries.get(entry.name)
        if before and before.file_id == entry.file_id:
            return entry._replace(
                parts=before.parts, sizes=before.sizes, rejected=before.rejected, notes=before.notes
            )  # fmt: skip
        if original := self.known.original(entry.name, entry.sha256):
            LOG.warning("%s holds the same bytes as %s: ignored", entry.name, original)
            return entry._replace(state="duplicate", file_id="", detail=f"the same bytes as {original}")
        as_of = datetime.fromisoformat(entry.as_of)
        reading = read_file(connection, file, folder, self.settings, as_of)
        require_unchanged(arrival)
        return self._landed(entry, file, reading, folder)

    def _landed(self, entry: LandedFile, file: Inspected, reading: Reading, folder: Path) -> LandedFile:
        sizes = {day: (folder / f"date={day}" / OBJECT_NAME).stat().st_size for day in reading.parts}
        self.storage.keep(folder, entry.file_id)
        notes = {**file.notes, **reading.notes}
        for code, text in notes.items():
            LOG.warning("%s: %s: %s", code, entry.name, text)
        return entry._replace(parts=reading.parts, sizes=sizes, rejected=reading.rejected, notes=notes)

    def _new_entry(self, arrival: Arrival, file: Inspected) -> LandedFile:
        before = self.known.entries.get(arrival.name)
        is_same = before and (before.sha256 == file.sha256 or _content(before) == file.sha256[:_CONTENT_DIGITS])
        place = hashlib.sha256(arrival.name.encode()).hexdigest()[:8]
        return LandedFile(
            name=arrival.name,
            state="landed",
            sha256=file.sha256,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=self.reader,
            as_of=before.as_of if before and is_same else self._now(),
            file_id=f"{file.sha256[:_CONTENT_DIGITS]}-{self.reader}-{place}",
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
