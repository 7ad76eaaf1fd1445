"""The landing: takes files in, once per content, and hands their rows on by date."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset, Rows, StoredObject
from retail_assets.engine.partition import Partition
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.arrival import Arrival
from retail_assets.landing.event_source import EventSource, event_sources
from retail_assets.landing.folder_storage import FolderStorage
from retail_assets.landing.inbox import Inbox, named
from retail_assets.landing.intake import Intake
from retail_assets.landing.known import Known, decided_again
from retail_assets.landing.lateness import came_too_late, closed_dates
from retail_assets.landing.ledger import Book, LandedFile, Ledger, LedgerMoved
from retail_assets.landing.progress import Tell, Watch
from retail_assets.landing.s3_storage import S3Storage
from retail_assets.landing.slice_pool import SlicePool
from retail_assets.landing.storage import LandingStorage
from retail_assets.landing.withdrawal import withdrawn
from retail_assets.settings import Settings

LEDGER_BATCH = 50


@dataclass(frozen=True)
class Landing:
    """The landing zone of one platform: inboxes, ledger and the parts that files were split into."""

    settings: Settings
    published_dates: Callable[[], Collection[str]] = frozenset
    """Tells which dates are published: late events change those only within the look-back."""

    @property
    def folder(self) -> Path:
        """Where the ledger and the parts live beside the datasets of a lake in a folder."""
        return self.settings.lake_dir / "_landing"

    @property
    def ledger(self) -> Ledger:
        """What landed."""
        return Ledger(self.storage.ledger_objects)

    @property
    def storage(self) -> LandingStorage:
        """Where the rows of landed files are kept: in the lake."""
        if not self.settings.lake_url:
            return FolderStorage(self.settings.lake_dir)
        local = self.settings.lake_staging_dir / "_landing"
        return S3Storage(S3Location.of(self.settings.lake_url), S3(self.settings.s3), local)

    @property
    def sources(self) -> dict[str, EventSource]:
        """Where files arrive, by the name of the source; the landing folder has none."""
        return event_sources(self.settings)

    @property
    def inbox(self) -> Inbox:
        """The landing folder, or what stands for it on S3."""
        return self.sources[""].inbox

    def name_of(self, given: str) -> str:
        """The name of a file that somebody gave by the path or the URL at which it lies, or by that name."""
        for source in self.sources.values():
            place = f"{source.inbox.place}/"
            path = given if is_s3(place) else str(Path(given).absolute())
            if path.startswith(place):
                return named(source.name, path.removeprefix(place))
        return given

    @property
    def is_busy(self) -> bool:
        """Whether a run is taking in files at this moment."""
        return self.storage.is_busy

    def files(self) -> dict[str, LandedFile]:
        """The latest ledger entry of every file name."""
        return self.ledger.files()

    def blocked(self) -> list[str]:
        """The names of files that cannot be read."""
        return [name for name, entry in self.files().items() if entry.state == "blocked"]

    def pending(self) -> list[Arrival]:
        """Files in the inboxes that the ledger does not know in this size, time or ETag, and reading."""
        return self._pending(self._known(), hurries=True)

    def take_in(
        self,
        tell: Tell | None = None,
        seen: Sequence[Arrival] | None = None,
        meanwhile: Callable[[], object] | None = None,
    ) -> list[LandedFile]:
        """Read every pending file once; returns what became of each. One run takes in at a time.

        ``seen`` is what ``pending`` has just told: then the inboxes need not be listed again. ``meanwhile`` is called,
        from any thread, each time that rows are to be read, which needs no Python.
        """
        with self.storage.exclusive():
            known, taken = self._known(), dict[str, LandedFile]()
            tried: set[str] = set()
            if self.storage.is_unsettled:
                self.storage.sweep(self._standing)
            pending = self._pending(known) if seen is None else self._still_pending(known, seen)
            while pending:
                self.storage.sweep(self._standing)
                tried |= {arrival.name for arrival in pending}
                with self._intake(known, tell, meanwhile=meanwhile) as intake:
                    taken |= {entry.name: entry for entry in self._take_in(pending, intake)}
                again = self._pending(known) if known.has_orphans else ()
                pending = [arrival for arrival in again if arrival.name not in tried]
            return list(taken.values())

    def readmit(self, names: Sequence[str] = ()) -> list[LandedFile]:
        """Read files again, admitting events that came too late; by default all files that had such.

        Raises:
            ValueError: a file has not landed, or is no longer in its inbox as it was.
        """
        with self.storage.exclusive():
            known = self._known()
            late = {name for name, entry in known.entries.items() if came_too_late(entry)}
            chosen = self._unchanged(known, names or sorted(late))
            late_ones = [arrival for arrival in chosen if arrival.name in late]
            with self._intake(known, readmits=True) as intake:
                return list(self._take_in(late_ones, intake))

    def withdraw(self, names: Sequence[str]) -> list[LandedFile]:
        """Let the rows of these files leave; returns the new entries, also of others that hold the same bytes.

        Raises:
            ValueError: no such file has landed, or it is withdrawn already.
        """
        with self.storage.exclusive():
            while True:
                before, position = self.ledger.state()
                entries = withdrawn(before, names)
                try:
                    self._append(entries, before, position)
                except LedgerMoved:
                    continue
                return entries

    def landed_events(self) -> Dataset:
        """The rows of all landed files by date, as parts that raw_events puts together."""
        return Dataset(contract("raw_events"), tuple(self._parts()), s3=self.settings.s3)

    def rejected_events(self) -> Dataset:
        """The rows that were rejected at landing, one object a file."""
        partition, storage = Partition.of(stage="landing"), self.storage
        objects = [
            StoredObject(partition, location, sum(book.rows for book in entry.rejected), size, entry.file_id)
            for entry in self._standing()
            if entry.rejected
            for location, size in (storage.rejected(entry),)
        ]
        return Dataset(contract("rejected_events"), tuple(objects), s3=self.settings.s3)

    def books(self) -> list[Book]:
        """What became of all rows of all files, by date and outcome."""
        counted: Counter[tuple[str | None, str]] = Counter()
        for entry in self._standing():
            for book in entry.books:
                counted[book.date, book.reason] += book.rows
        return [Book(*key, counted[key]) for key in sorted(counted, key=lambda key: (key[0] or "", key[1]))]

    def notes(self) -> Rows:
        """What is odd about files though they were read, by the dates that they bring."""
        noted = [entry for entry in self._standing() if entry.notes]
        return Rows.of(
            {"date": "DATE", "source_file": "VARCHAR", "note": "VARCHAR"},
            [
                (date.fromisoformat(day), entry.name, f"{code}: {text}")
                for entry in noted
                for day in entry.parts
                for code, text in entry.notes.items()
            ],
        )

    def dates(self) -> list[str]:
        """Every date that a landed file has events of, in order."""
        return sorted({day for entry in self._standing() for day in entry.parts})

    def _standing(self) -> list[LandedFile]:
        """The entries that stand for rows, by name: a blocked file may stand for what was there before."""
        return [entry for _, entry in sorted(self.files().items()) if entry.file_id]

    def _known(self) -> Known:
        return Known(*self.ledger.state())

    def _parts(self) -> Iterator[StoredObject]:
        storage = self.storage
        for entry in self._standing():
            for day, rows in entry.parts.items():
                location = storage.part(entry, day)
                yield StoredObject(Partition.of(date=day), location, rows, entry.sizes[day], entry.file_id)

    def _pending(self, known: Known, *, hurries: bool = False) -> list[Arrival]:
        """In a hurry, what is known helps to list a large inbox; else it is listed from its beginning to its end."""
        seconds = self.settings.settle_seconds
        newest = time.time_ns() - seconds * 10**9
        found: list[Arrival] = []
        for source in self.sources.values():

            def is_pending(arrival: Arrival, reader: str = source.reader) -> bool:
                is_still = not seconds or arrival.mtime_ns <= newest
                return is_still and not known.is_settled(arrival, reader)

            names = [name for name in known.entries if source.brought(name)] if hurries else ()
            found += source.inbox.arrivals(is_pending, names)
        return found

    def _still_pending(self, known: Known, seen: Sequence[Arrival]) -> list[Arrival]:
        """Those that nobody else has dealt with since."""
        readers = {name: source.reader for name, source in self.sources.items()}
        return [arrival for arrival in seen if not known.is_settled(arrival, readers[arrival.source])]

    @contextmanager
    def _intake(
        self,
        known: Known,
        tell: Tell | None = None,
        *,
        readmits: bool = False,
        meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[Intake]:
        closed = closed_dates(self.published_dates(), self.settings.lookback_days)
        with SlicePool(self.settings, meanwhile) as pool, self.storage.keeping() as keeper:
            yield Intake(self.settings, self.sources, keeper, known, pool, closed, readmits, Watch(tell))

    def _unchanged(self, known: Known, names: Sequence[str]) -> list[Arrival]:
        """The files as the ledger knows them, where they still lie in their inboxes."""
        wanted = frozenset(names)
        found = {
            arrival.name: arrival
            for source in (self.sources.values() if names else ())
            for arrival in source.inbox.arrivals(lambda arrival: arrival.name in wanted)
        }
        for name in names:
            entry, arrival = known.entries.get(name), found.get(name)
            if entry is None or entry.state != "landed":
                raise ValueError(f"{name} has not landed, so it cannot be replayed. `retail status` tells what has.")
            if arrival is None or (arrival.bytes, arrival.etag) != (entry.bytes, entry.etag):
                place = next(source.inbox.place for source in self.sources.values() if source.brought(name))
                raise ValueError(f"{name} is no longer in {place} as it landed. Put it there again and replay it.")
        return [found[name] for name in names]

    def _take_in(self, pending: list[Arrival], intake: Intake) -> Iterator[LandedFile]:
        """Take files in, writing the ledger now and then."""
        intake.watch.files, intake.watch.bytes = len(pending), sum(arrival.bytes for arrival in pending)
        for start in range(0, len(pending), LEDGER_BATCH):
            before = dict(intake.known.entries)
            entries = list(intake.take_all(pending[start : start + LEDGER_BATCH]))
            yield from self._record(entries, before, intake)

    def _record(self, entries: list[LandedFile], before: dict[str, LandedFile], intake: Intake) -> list[LandedFile]:
        """Write entries into the ledger, deciding again where others were faster; returns those that got in."""
        known = intake.known
        intake.keeper.confirm([entry for entry in entries if entry.file_id and not _is_kept(entry, before)])
        undecided = entries
        while undecided:
            try:
                known.position = self._append(undecided, before, known.position)
                break
            except LedgerMoved:
                now, position = self.ledger.state()
                undecided, dropped = decided_again(undecided, before, now)
                for entry in dropped:
                    self.storage.discard(entry)
                entries = [entry for entry in entries if now.get(entry.name) == entry] + undecided
                known.renew(now | {entry.name: entry for entry in undecided}, position)
                before = now
        return entries

    def _append(self, entries: list[LandedFile], before: dict[str, LandedFile], position: int) -> int:
        """Write entries into the ledger right after a position; returns the new one."""
        replaced = [before[entry.name] for entry in entries if entry.name in before]
        shown = [entry for entry in entries if entry.file_id]
        places = {(entry.file_id, entry.attempt) for entry in shown}
        retired = [old for old in replaced if old.file_id and (old.file_id, old.attempt) not in places]
        with self.storage.settling(shown, retired):
            return self.ledger.append(entries, position)


def _is_kept(entry: LandedFile, before: dict[str, LandedFile]) -> bool:
    """Whether the entry stands for the rows that it stood for before."""
    old = before.get(entry.name)
    return old is not None and (old.file_id, old.attempt) == (entry.file_id, entry.attempt)
