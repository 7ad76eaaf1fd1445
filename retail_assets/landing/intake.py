"""The intake: takes files in, some at once through gate and reader, and says of one after another what became of it."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from retail_assets.engine.session import session
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.gate import Inspected, Sink, inspect_file
from retail_assets.landing.inbox import Arrival, FileChanged, require_unchanged
from retail_assets.landing.lateness import TOO_LATE
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.parquet_reader import read_parquet
from retail_assets.landing.progress import Watch
from retail_assets.landing.reader import read_text
from retail_assets.landing.reading import Reading, Terms
from retail_assets.landing.slice_pool import SlicePool
from retail_assets.landing.sliced_reader import SlicedReader
from retail_assets.landing.storage import PRIVATE, LandingStorage
from retail_assets.settings import Settings

SECONDS_BETWEEN_REPORTS = 0.5
LOG = logging.getLogger(__name__)
_CONTENT_DIGITS = 24


@dataclass
class Known:
    """The ledger's latest entries by name, and which name stands for each content."""

    entries: dict[str, LandedFile]
    _served: dict[str, str] = field(init=False)
    _sizes: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self._served = {_content(entry): name for name, entry in self.entries.items() if entry.file_id}
        self._sizes = {entry.bytes for entry in self.entries.values()}

    @property
    def file_ids(self) -> set[str]:
        """The contents that some name stands for."""
        return {entry.file_id for entry in self.entries.values() if entry.file_id}

    def may_know(self, arrival: Arrival) -> bool:
        """Whether there is an entry of its name, or of as many bytes: then look before you read."""
        return arrival.name in self.entries or arrival.bytes in self._sizes

    def learn(self, entry: LandedFile) -> None:
        """Put an entry in the place of the one that its name had."""
        before = self.entries.get(entry.name)
        if before and before.file_id:
            self._served.pop(_content(before), None)
        if entry.file_id:
            self._served[_content(entry)] = entry.name
        self.entries[entry.name] = entry
        self._sizes.add(entry.bytes)

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
class Prepared:
    """A file that went through the gate, and, where that was worth a try, was read on the way."""

    folder: Path
    file: Inspected
    as_of: str
    was_sliced: bool = False
    reading: Reading | None = None


@dataclass(frozen=True)
class Intake:
    """Takes files in: some files ahead go through the gate and are read, and one after another is settled."""

    settings: Settings
    storage: LandingStorage
    known: Known
    reader: str
    """Digest of everything that reading depends on."""
    pool: SlicePool
    closed: frozenset[str] = frozenset()
    """Dates whose events come too late, unless the file brought that date before."""
    readmits: bool = False
    """Whether no event is too late."""
    watch: Watch = field(default_factory=Watch)

    def take_all(self, arrivals: Sequence[Arrival]) -> Iterator[LandedFile]:
        """What became of the files, in their order; nothing of one that is still changing, which stays pending."""
        with ThreadPoolExecutor(self.pool.size, "gate") as gate:
            ahead = deque[Future[Prepared]]()
            try:
                for number, arrival in enumerate(arrivals):
                    for following in arrivals[number + len(ahead) : number + self.pool.size]:
                        ahead.append(gate.submit(self._prepare, following))
                    self.watch.report(arrival.name)
                    entry = self._take(arrival, ahead.popleft())
                    self.watch.add_file()
                    if entry:
                        yield entry
            finally:
                for future in ahead:
                    _let_go(future)

    def _take(self, arrival: Arrival, prepared: Future[Prepared]) -> LandedFile | None:
        try:
            entry = self._entry(arrival, prepared)
        except FileChanged as error:
            LOG.info("%s: left until it keeps still", error)
            return None
        self.known.learn(entry)
        return entry

    def _entry(self, arrival: Arrival, prepared: Future[Prepared]) -> LandedFile:
        try:
            while not wait([prepared], SECONDS_BETWEEN_REPORTS).done:
                self.watch.report(arrival.name)
            return self._settle(arrival, prepared.result())
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
        finally:
            _let_go(prepared)

    def _prepare(self, arrival: Arrival) -> Prepared:
        """Take the file through the gate, in any thread; read it on the way unless its content may be known."""
        now = self._now()
        terms = Terms(datetime.fromisoformat(now), frozenset() if self.readmits else self.closed)
        folder = self._private_folder()
        try:
            if self.known.may_know(arrival):
                return Prepared(folder, self._inspect(arrival, folder), now)
            file, reading = self._inspect_and_read(arrival, folder, terms)
            return Prepared(folder, file, now, was_sliced=True, reading=reading)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _inspect_and_read(self, arrival: Arrival, folder: Path, terms: Terms) -> tuple[Inspected, Reading | None]:
        """Take the file through the gate and read it in slices; no reading where that will not do."""
        sliced = SlicedReader(self.pool, arrival.name, folder, self.settings, terms, self.watch.add_rows)
        try:
            file = self._inspect(arrival, folder, sliced.write)
            return file, sliced.finish() if file.census else None
        except BaseException:
            sliced.discard()
            raise

    def _settle(self, arrival: Arrival, prepared: Prepared) -> LandedFile:
        file, folder = prepared.file, prepared.folder
        before = self._same_before(arrival, file)
        entry = self._new_entry(arrival, file, before, prepared.as_of)
        if before and before.file_id == entry.file_id:
            return entry._replace(
                parts=before.parts, sizes=before.sizes, rejected=before.rejected, notes=before.notes
            )  # fmt: skip
        if original := self.known.original(entry.name, entry.sha256):
            LOG.warning("%s holds the same bytes as %s: ignored", entry.name, original)
            return entry._replace(state="duplicate", file_id="", detail=f"the same bytes as {original}")
        closed = frozenset[str]() if self.readmits else self._closed_for(entry.name, before)
        terms = Terms(datetime.fromisoformat(entry.as_of), closed)
        reading = prepared.reading or self._read(arrival, prepared, terms)
        require_unchanged(arrival)
        return self._landed(entry, file, reading, folder)

    def _read(self, arrival: Arrival, prepared: Prepared, terms: Terms) -> Reading:
        """Read a file that the gate has let through: in slices, or as a whole where that will not do."""
        file, folder = prepared.file, prepared.folder
        if file.census and not prepared.was_sliced:
            again, reading = self._inspect_and_read(arrival, folder, terms)
            if again.sha256 != file.sha256:
                raise FileChanged(f"{arrival.name} is still being written")
            if reading:
                return reading
        if not file.census:
            return read_parquet(self.pool, file, folder, self.settings, terms, self.watch.add_rows)
        if not file.path.exists():  # its text went by in slices
            file = inspect_file(arrival, folder, self.settings.source_encoding)
        with session(self.settings) as connection:
            return read_text(connection, file, folder, self.settings, terms)

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

    def _new_entry(self, arrival: Arrival, file: Inspected, before: LandedFile | None, now: str) -> LandedFile:
        is_read = before is not None and f"-{self.reader}-" in before.file_id
        place = hashlib.sha256(f"{arrival.name}{'/readmitted' if self.readmits else ''}".encode()).hexdigest()[:8]
        return LandedFile(
            name=arrival.name,
            state="landed",
            sha256=file.sha256,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=self.reader,
            as_of=before.as_of if before else now,
            file_id=before.file_id
            if before and is_read and not self.readmits
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

    def _inspect(self, arrival: Arrival, folder: Path, sink: Sink | None = None) -> Inspected:
        return inspect_file(arrival, folder, self.settings.source_encoding, sink, self.watch.add_bytes)

    def _private_folder(self) -> Path:
        self.storage.parts.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(prefix=PRIVATE, dir=self.storage.parts))


def _let_go(future: Future[Prepared]) -> None:
    """Remove what a file left behind."""
    if not future.cancel() and future.exception() is None:
        shutil.rmtree(future.result().folder, ignore_errors=True)


def _content(entry: LandedFile) -> str:
    return entry.file_id[:_CONTENT_DIGITS]
