"""The intake: takes files in, some at once through gate and reader, and says of one after another what became of it."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from tempfile import mkdtemp

from retail_assets.engine.session import session
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.arrival import Arrival, FileChanged, require_unchanged
from retail_assets.landing.blocked import UNREADABLE, BlockedFile
from retail_assets.landing.event_source import EventSource
from retail_assets.landing.gate import Inspected, Sink, inspect_file
from retail_assets.landing.known import CONTENT_DIGITS, Known, content_of, duplicate
from retail_assets.landing.lateness import TOO_LATE
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.parquet_reader import read_parquet
from retail_assets.landing.progress import Watch
from retail_assets.landing.reader import read_text
from retail_assets.landing.reading import Reading, Terms
from retail_assets.landing.slice_pool import SlicePool
from retail_assets.landing.sliced_reader import SlicedReader
from retail_assets.landing.storage import PRIVATE, REJECTED_NAME, REJECTED_SIZE, Keeper
from retail_assets.settings import Settings

SECONDS_BETWEEN_REPORTS = 0.5
LOG = logging.getLogger(__name__)
FETCHES_AT_ONCE = 8
MOST_BYTES_FETCHED_AHEAD = 64 * 1024 * 1024
"""Small objects on S3 wait for the server, one request after another; a large one fills a core and the disk."""
SEEN = ("name", "state", "sha256", "bytes", "mtime_ns", "reader", "as_of", "code", "detail", "file_id", "etag")
"""What a new entry says by itself, where the content is the same as before."""


@dataclass(frozen=True)
class Prepared:
    """A file that went through the gate, and, where that was worth a try, was read on the way.

    ``arrival`` is the file as it lies on this machine. What is read of it is in ``rows``.
    """

    folder: Path
    arrival: Arrival
    file: Inspected
    as_of: str
    was_sliced: bool = False
    reading: Reading | None = None

    @property
    def rows(self) -> Path:
        """Where what is read of it is written."""
        return rows_below(self.folder)


@dataclass(frozen=True)
class Intake:
    """Takes files in: some files ahead go through the gate and are read, and one after another is settled."""

    settings: Settings
    sources: Mapping[str, EventSource]
    keeper: Keeper
    known: Known
    pool: SlicePool
    closed: frozenset[str] = frozenset()
    """Dates whose events come too late, unless the file brought that date before."""
    readmits: bool = False
    """Whether no event is too late."""
    watch: Watch = field(default_factory=Watch)

    def take_all(self, arrivals: Sequence[Arrival]) -> Iterator[LandedFile]:
        """What became of the files, in their order; nothing of one that is still changing, which stays pending."""
        with ThreadPoolExecutor(max(self.pool.size, FETCHES_AT_ONCE), "gate") as gate:
            ahead = deque[Future[Prepared]]()
            try:
                for number, arrival in enumerate(arrivals):
                    for following in arrivals[number + len(ahead) : number + self._reach(arrivals[number:])]:
                        ahead.append(gate.submit(self._prepare, following))
                    self.watch.report(arrival.name)
                    entry = self._take(arrival, ahead.popleft())
                    self.watch.add_file()
                    if entry:
                        yield entry
            finally:
                for future in ahead:
                    _let_go(future)

    def _reach(self, arrivals: Sequence[Arrival]) -> int:
        """How many files may be in the works: one a core, or more where they are small and must be fetched."""
        sizes = accumulate(arrival.bytes for arrival in arrivals[:FETCHES_AT_ONCE] if arrival.etag)
        return max(self.pool.size, sum(size <= MOST_BYTES_FETCHED_AHEAD for size in sizes))

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
            if not arrival.etag:
                require_unchanged(arrival)  # else it was not the file's own fault
            LOG.error("%s", error)
            return self._blocked(arrival, error)
        except PermissionError as error:
            if error.filename != str(arrival.path):
                raise
            blocked = BlockedFile(UNREADABLE, arrival.name, "may not be read", "Change its permissions.")
            LOG.error("%s", blocked)
            return self._blocked(arrival, blocked)
        finally:
            _let_go(prepared)

    def _prepare(self, arrival: Arrival) -> Prepared:
        """Take the file through the gate, in any thread; read it on the way unless its content may be known."""
        now = self._now()
        terms = self._terms(arrival, now, frozenset() if self.readmits else self.closed)
        folder = Path(mkdtemp(prefix=PRIVATE, dir=self.keeper.folder))
        try:
            rows_below(folder).mkdir()
            here = self.sources[arrival.source].inbox.fetch(arrival, folder)
            if self.known.may_know(arrival):
                return Prepared(folder, here, self._inspect(here, rows_below(folder)), now)
            file, reading = self._inspect_and_read(here, rows_below(folder), terms)
            return Prepared(folder, here, file, now, was_sliced=True, reading=reading)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _inspect_and_read(self, arrival: Arrival, folder: Path, terms: Terms) -> tuple[Inspected, Reading | None]:
        """Take the file through the gate and read it in slices; no reading where that will not do."""
        settings = self.sources[arrival.source].settings
        sliced = SlicedReader(self.pool, arrival.name, folder, settings, terms, self.watch.add_rows)
        try:
            file = self._inspect(arrival, folder, sliced.write)
            return file, sliced.finish() if file.census else None
        except BaseException:
            sliced.discard()
            raise

    def _settle(self, arrival: Arrival, prepared: Prepared) -> LandedFile:
        file = prepared.file
        before = self._same_before(arrival, file)
        entry = self._new_entry(arrival, file, before, prepared.as_of)
        if before and before.file_id == entry.file_id:
            return before._replace(**{name: getattr(entry, name) for name in SEEN})
        if original := self.known.original(entry.name, entry.sha256):
            LOG.warning("%s holds the same bytes as %s: ignored", entry.name, original)
            return duplicate(entry, original)
        closed = frozenset[str]() if self.readmits else self._closed_for(entry.name, before)
        reading = prepared.reading or self._read(prepared, self._terms(arrival, entry.as_of, closed))
        require_unchanged(prepared.arrival)
        return self._landed(entry, file, reading, prepared.rows)

    def _terms(self, arrival: Arrival, as_of: str, closed: frozenset[str]) -> Terms:
        return Terms(datetime.fromisoformat(as_of), closed, self.sources[arrival.source].times)

    def _read(self, prepared: Prepared, terms: Terms) -> Reading:
        """Read a file that the gate has let through: in slices, or as a whole where that will not do."""
        arrival, file, folder = prepared.arrival, prepared.file, prepared.rows
        settings = self.sources[arrival.source].settings
        if file.census and not prepared.was_sliced:
            again, reading = self._inspect_and_read(arrival, folder, terms)
            if again.sha256 != file.sha256:
                raise FileChanged(f"{arrival.name} is still being written")
            if reading:
                return reading
        if not file.census:
            return read_parquet(self.pool, file, folder, settings, terms, self.watch.add_rows)
        if not file.path.exists():  # its text went by in slices
            file = inspect_file(arrival, folder, settings.source_encoding)
        with session(settings) as connection:
            return read_text(connection, file, folder, settings, terms)

    def _same_before(self, arrival: Arrival, file: Inspected) -> LandedFile | None:
        """The ledger's entry of the name, if it is about the same content."""
        before = self.known.entries.get(arrival.name)
        if before is None or before.state == "withdrawn":
            return None
        is_same = before.sha256 == file.sha256 or content_of(before) == file.sha256[:CONTENT_DIGITS]
        return before if is_same else None

    def _closed_for(self, name: str, before: LandedFile | None) -> frozenset[str]:
        """The dates for which this content comes too late: those that it came too late for when it first landed."""
        if before:
            return frozenset(book.date for book in before.rejected if book.reason == TOO_LATE and book.date)
        replaced = self.known.entries.get(name)
        return self.closed - set(replaced.parts) if replaced else self.closed

    def _landed(self, entry: LandedFile, file: Inspected, reading: Reading, rows: Path) -> LandedFile:
        sizes = {day: (rows / f"date={day}" / OBJECT_NAME).stat().st_size for day in reading.parts}
        if reading.rejected:
            sizes[REJECTED_SIZE] = (rows / REJECTED_NAME).stat().st_size
        attempt = self.keeper.keep(rows, entry.file_id)
        notes = {**file.notes, **reading.notes}
        for code, text in notes.items():
            LOG.warning("%s: %s: %s", code, entry.name, text)
        return entry._replace(
            parts=reading.parts, sizes=sizes, rejected=reading.rejected, notes=notes, attempt=attempt
        )  # fmt: skip

    def _new_entry(self, arrival: Arrival, file: Inspected, before: LandedFile | None, now: str) -> LandedFile:
        reader = self.sources[arrival.source].reader
        is_read = before is not None and f"-{reader}-" in before.file_id
        place = hashlib.sha256(f"{arrival.name}{'/readmitted' if self.readmits else ''}".encode()).hexdigest()[:8]
        return LandedFile(
            name=arrival.name,
            state="landed",
            sha256=file.sha256,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=reader,
            etag=arrival.etag,
            as_of=before.as_of if before else now,
            file_id=before.file_id
            if before and is_read and not self.readmits
            else f"{file.sha256[:CONTENT_DIGITS]}-{reader}-{place}",
        )

    def _blocked(self, arrival: Arrival, error: BlockedFile) -> LandedFile:
        """The entry of a blocked file: what was there before stays. One that could not be read is tried again."""
        before = self.known.entries.get(arrival.name)
        reader = self.sources[arrival.source].reader
        kept = before or LandedFile(arrival.name, "blocked", "", 0, 0, reader, self._now())
        seen = replace(arrival, mtime_ns=0, etag="") if error.code == UNREADABLE else arrival
        return kept._replace(
            state="blocked",
            sha256="",
            bytes=arrival.bytes,
            mtime_ns=seen.mtime_ns,
            etag=seen.etag,
            reader=reader,
            code=error.code,
            detail=str(error),
        )

    def _now(self) -> str:
        return (self.settings.as_of or datetime.now(UTC)).isoformat(timespec="seconds")

    def _inspect(self, arrival: Arrival, folder: Path, sink: Sink | None = None) -> Inspected:
        encoding = self.sources[arrival.source].settings.source_encoding
        return inspect_file(arrival, folder, encoding, sink, self.watch.add_bytes)


def rows_below(folder: Path) -> Path:
    """Where what is read is written, below the private folder of a file."""
    return folder / "rows"


def _let_go(future: Future[Prepared]) -> None:
    """Remove what a file left behind."""
    if not future.cancel() and future.exception() is None:
        shutil.rmtree(future.result().folder, ignore_errors=True)
