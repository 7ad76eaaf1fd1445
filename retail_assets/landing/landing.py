"""The landing: takes files in, once per content, and hands their rows on by date."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import NULL_FOLDER, Partition
from retail_assets.engine.query import first_reason, sql_text
from retail_assets.engine.session import session
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.inbox import Arrival, arrivals, sha256_of
from retail_assets.landing.layout import BlockedFile
from retail_assets.landing.ledger import LandedFile, Ledger
from retail_assets.landing.reader import read_file
from retail_assets.settings import Settings

LOG = logging.getLogger(__name__)
LEDGER_BATCH = 50

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all and the name of the next one."""


@dataclass(frozen=True)
class Landing:
    """The landing zone of one platform: inbox, ledger and the parts that files were split into."""

    settings: Settings

    @property
    def folder(self) -> Path:
        """Where the ledger and the parts live, beside the datasets of the lake."""
        return self.settings.lake_dir / "_landing"

    @property
    def ledger(self) -> Ledger:
        """What landed."""
        return Ledger(self.folder / "ledger")

    def files(self) -> dict[str, LandedFile]:
        """The latest ledger entry of every file name."""
        return self.ledger.files()

    def pending(self) -> list[Arrival]:
        """Files in the inbox that the ledger does not know in this size, time and reading."""
        known, reader = self.files(), self._reader_digest()
        return [arrival for arrival in arrivals(self.settings.landing_dir) if not _is_known(arrival, known, reader)]

    def take_in(self, progress: Progress | None = None) -> list[LandedFile]:
        """Read every pending file once; returns what became of each. One run takes in at a time."""
        with exclusive(self.folder / "landing.lock", "taking in files"):
            pending = self.pending()
            taken: list[LandedFile] = []
            for batch in _batches(pending, LEDGER_BATCH):
                known, entries = self.files(), []
                for arrival in batch:
                    if progress:
                        progress(len(taken) + len(entries), len(pending), arrival.name)
                    entries.append(self._take_in(arrival, {**known, **{entry.name: entry for entry in entries}}))
                self.ledger.append(entries)
                taken.extend(entries)
            return taken

    def landed_events(self) -> Dataset:
        """The rows of all landed files by date, as parts that raw_events puts together."""
        return Dataset(contract("raw_events"), tuple(self._parts()))

    def dates(self) -> list[str]:
        """Every date that a landed file has events of, in order."""
        landed = (entry for entry in self.files().values() if entry.state == "landed")
        return sorted({day for entry in landed for day in entry.parts})

    def _parts(self) -> Iterator[StoredObject]:
        for name, entry in sorted(self.files().items()):
            if entry.state != "landed":
                continue
            for day, rows in entry.parts.items():
                path = self._parts_folder(entry) / f"date={day}" / OBJECT_NAME
                digest = f"{entry.file_id}-{entry.reader}-{name}"
                yield StoredObject(Partition.of(date=day), str(path), rows, path.stat().st_size, digest)

    def _parts_folder(self, entry: LandedFile) -> Path:
        return self.folder / "parts" / f"{entry.file_id}-{entry.reader}"

    def _quarantine(self, entry: LandedFile) -> Path:
        below = self.settings.lake_dir / "rejected_events" / "stage=landing" / f"date={NULL_FOLDER}"
        return below / f"{entry.file_id}.parquet"

    def _take_in(self, arrival: Arrival, known: dict[str, LandedFile]) -> LandedFile:
        entry = self._new_entry(arrival, known)
        original = _original(entry, known)
        if original:
            LOG.warning("%s holds the same bytes as %s: ignored", entry.name, original.name)
            return replace(entry, state="duplicate", detail=f"the same bytes as {original.name}")
        before = known.get(entry.name)
        try:
            entry = self._read(arrival, entry)
        except BlockedFile as error:
            LOG.error("%s", error)
            return replace(entry, state="blocked", detail=str(error))
        if before and before.state == "landed" and before.sha256 != entry.sha256:
            self._quarantine(before).unlink(missing_ok=True)
        return entry

    def _new_entry(self, arrival: Arrival, known: dict[str, LandedFile]) -> LandedFile:
        digest = sha256_of(arrival.path)
        before = known.get(arrival.name)
        first_seen = before.as_of if before and before.sha256 == digest else None
        return LandedFile(
            name=arrival.name,
            state="landed",
            sha256=digest,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            reader=self._reader_digest(),
            as_of=first_seen or (self.settings.as_of or datetime.now(UTC)).isoformat(timespec="seconds"),
        )

    def _read(self, arrival: Arrival, entry: LandedFile) -> LandedFile:
        """Split the file into parts in a private folder, then move them into place."""
        parts = self._parts_folder(entry)
        parts.parent.mkdir(parents=True, exist_ok=True)
        private = Path(mkdtemp(prefix=".reading-", dir=parts.parent))
        try:
            with session(self.settings) as connection:
                as_of = datetime.fromisoformat(entry.as_of)
                reading = read_file(connection, arrival.path, arrival.name, private, self.settings, as_of)
            self._move_quarantine(private, entry)
            shutil.rmtree(parts, ignore_errors=True)
            private.replace(parts)
        finally:
            shutil.rmtree(private, ignore_errors=True)
        return replace(entry, rows=reading.rows, parts=reading.parts, books=reading.books, notes=reading.notes)

    def _move_quarantine(self, private: Path, entry: LandedFile) -> None:
        rejected, target = private / "rejected.parquet", self._quarantine(entry)
        if rejected.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(rejected, target)
        else:
            target.unlink(missing_ok=True)

    def _reader_digest(self) -> str:
        """Digest of the settings, macros and contract that reading depends on."""
        chosen = {"source_timezone", "event_time_format", "start_date", "future_tolerance_minutes"}
        received = [(column.name, column.received) for column in contract("raw_events").columns]
        parts = [self.settings.model_dump(mode="json", include=chosen), sql_text("macros"), received]
        text = json.dumps([*parts, first_reason(contract("raw_events"))], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _is_known(arrival: Arrival, known: dict[str, LandedFile], reader: str) -> bool:
    entry = known.get(arrival.name)
    if entry is None or entry.reader != reader:
        return False
    return (entry.bytes, entry.mtime_ns) == (arrival.bytes, arrival.mtime_ns)


def _original(entry: LandedFile, known: dict[str, LandedFile]) -> LandedFile | None:
    """The landed file of another name that holds the same bytes."""
    others = (other for other in known.values() if other.name != entry.name and other.state == "landed")
    return next((other for other in others if other.sha256 == entry.sha256), None)


def _batches(items: list[Arrival], size: int) -> Iterator[list[Arrival]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
