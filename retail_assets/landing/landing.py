"""The landing: takes files in, once per content, and hands their rows on by date."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset, Rows, StoredObject
from retail_assets.engine.locking import exclusive, is_held
from retail_assets.engine.objects import FolderObjects
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import first_reason, sql_text
from retail_assets.landing.inbox import Arrival, arrivals
from retail_assets.landing.intake import Intake, Known
from retail_assets.landing.lateness import came_too_late, closed_dates
from retail_assets.landing.ledger import Book, LandedFile, Ledger
from retail_assets.landing.progress import Tell, Watch
from retail_assets.landing.slice_pool import SlicePool
from retail_assets.landing.storage import LandingStorage
from retail_assets.landing.withdrawal import withdrawn
from retail_assets.settings import Settings

READER_VERSION = 2
"""Raised when the way that files are read changes what is read: then they are read again."""
LEDGER_BATCH = 50

"""Called with files done, files in all and the name of the next one."""


@dataclass(frozen=True)
class Landing:
    """The landing zone of one platform: inbox, ledger and the parts that files were split into."""

    settings: Settings
    published_dates: Callable[[], Collection[str]] = frozenset
    """Tells which dates are published: late events change those only within the look-back."""

    @property
    def folder(self) -> Path:
        """Where the ledger and the parts live, beside the datasets of the lake."""
        return self.settings.lake_dir / "_landing"

    @property
    def ledger(self) -> Ledger:
        """What landed."""
        return Ledger(FolderObjects(self.folder / "ledger"))

    @property
    def storage(self) -> LandingStorage:
        """Where the rows of landed files are kept."""
        return LandingStorage(self.settings.lake_dir)

    def files(self) -> dict[str, LandedFile]:
        """The latest ledger entry of every file name."""
        return self.ledger.files()

    def pending(self) -> list[Arrival]:
        """Files in the inbox that the ledger does not know in this size, time and reading."""
        return self._pending(Known(self.files()))

    def take_in(self, tell: Tell | None = None) -> list[LandedFile]:
        """Read every pending file once; returns what became of each. One run takes in at a time."""
        with self._exclusive():
            known, taken = Known(self.files()), dict[str, LandedFile]()
            tried: set[str] = set()
            if self.storage.is_unsettled:
                self.storage.sweep(known.file_ids)
            # A second round takes in duplicates whose original has just been replaced.
            while pending := [arrival for arrival in self._pending(known) if arrival.name not in tried]:
                self.storage.sweep(known.file_ids)
                tried |= {arrival.name for arrival in pending}
                with self._intake(known, tell) as intake:
                    taken |= {entry.name: entry for entry in self._take_in(pending, intake)}
            return list(taken.values())

    def readmit(self, names: Sequence[str] = ()) -> list[LandedFile]:
        """Read files again, admitting events that came too late; by default all files that had such.

        Raises:
            ValueError: a file has not landed, or is no longer in the landing folder as it was.
        """
        with self._exclusive():
            known = Known(self.files())
            late = [name for name, entry in sorted(known.entries.items()) if came_too_late(entry)]
            chosen = self._unchanged(known, names or late)
            late_ones = [arrival for arrival in chosen if arrival.name in late]
            with self._intake(known, readmits=True) as intake:
                return list(self._take_in(late_ones, intake))

    def withdraw(self, names: Sequence[str]) -> list[LandedFile]:
        """Let the rows of these files leave; returns the new entries, also of others that hold the same bytes.

        Raises:
            ValueError: no such file has landed, or it is withdrawn already.
        """
        with self._exclusive():
            before = self.files()
            entries = withdrawn(before, names)
            self._record(entries, before)
            return entries

    def landed_events(self) -> Dataset:
        """The rows of all landed files by date, as parts that raw_events puts together."""
        return Dataset(contract("raw_events"), tuple(self._parts()))

    def rejected_events(self) -> Dataset:
        """The rows that were rejected at landing, one object a file."""
        partition, storage = Partition.of(stage="landing"), self.storage
        objects = []
        for entry in self._standing():
            if rows := sum(book.rows for book in entry.rejected):
                path = storage.rejected(entry.file_id)
                objects.append(StoredObject(partition, str(path), rows, path.stat().st_size, entry.file_id))
        return Dataset(contract("rejected_events"), tuple(objects))

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

    def _parts(self) -> Iterator[StoredObject]:
        storage = self.storage
        for entry in self._standing():
            for day, rows in entry.parts.items():
                path = storage.part(entry.file_id, day)
                yield StoredObject(Partition.of(date=day), path, rows, entry.sizes[day], entry.file_id)

    def _pending(self, known: Known) -> list[Arrival]:
        reader = self._reader_digest()
        seconds = self.settings.settle_seconds
        newest = time.time_ns() - seconds * 10**9
        found = arrivals(self.settings.landing_dir)
        if seconds:
            found = [arrival for arrival in found if arrival.mtime_ns <= newest]
        return [arrival for arrival in found if not known.is_settled(arrival, reader)]

    @contextmanager
    def _intake(self, known: Known, tell: Tell | None = None, *, readmits: bool = False) -> Iterator[Intake]:
        closed = closed_dates(self.published_dates(), self.settings.lookback_days)
        with SlicePool(self.settings) as pool:
            reader = self._reader_digest()
            yield Intake(self.settings, self.storage, known, reader, pool, closed, readmits, Watch(tell))

    @property
    def is_busy(self) -> bool:
        """Whether a run is taking in files at this moment."""
        return is_held(self._lock)

    @property
    def _lock(self) -> Path:
        return self.folder / "landing.lock"

    def _exclusive(self) -> AbstractContextManager[None]:
        return exclusive(self._lock, "taking in files")

    def _unchanged(self, known: Known, names: Sequence[str]) -> list[Arrival]:
        """The files as the ledger knows them, where they still lie in the landing folder."""
        inbox = {arrival.name: arrival for arrival in arrivals(self.settings.landing_dir)} if names else {}
        for name in names:
            entry, arrival = known.entries.get(name), inbox.get(name)
            if entry is None or entry.state != "landed":
                raise ValueError(f"{name} has not landed, so it cannot be replayed. `retail status` tells what has.")
            if arrival is None or arrival.bytes != entry.bytes:
                place = self.settings.landing_dir
                raise ValueError(f"{name} is no longer in {place} as it landed. Put it there again and replay it.")
        return [inbox[name] for name in names]

    def _take_in(self, pending: list[Arrival], intake: Intake) -> Iterator[LandedFile]:
        """Take files in, writing the ledger now and then."""
        intake.watch.files, intake.watch.bytes = len(pending), sum(arrival.bytes for arrival in pending)
        for start in range(0, len(pending), LEDGER_BATCH):
            before = dict(intake.known.entries)
            entries = list(intake.take_all(pending[start : start + LEDGER_BATCH]))
            self._record(entries, before)
            yield from entries

    def _record(self, entries: list[LandedFile], before: dict[str, LandedFile]) -> None:
        if not entries:
            return
        replaced = [before[entry.name] for entry in entries if entry.name in before]
        new = {entry.file_id for entry in entries if entry.file_id}
        self.storage.confirm(new - {entry.file_id for entry in replaced})
        with self.storage.settling(new, {entry.file_id for entry in replaced if entry.file_id} - new):
            self.ledger.append(entries)

    def _reader_digest(self) -> str:
        """Digest of the settings, macros and contract that reading depends on."""
        chosen = {"source_timezone", "source_encoding", "event_time_format", "start_date", "future_tolerance_minutes"}
        received = [(column.name, column.received) for column in contract("raw_events").columns]
        macros = re.sub(r"--.*", "", sql_text("macros"))
        parts = [READER_VERSION, self.settings.model_dump(mode="json", include=chosen), macros, received]
        text = json.dumps([*parts, first_reason(contract("raw_events"))], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
