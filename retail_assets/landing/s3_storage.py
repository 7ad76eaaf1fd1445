"""Landed rows in a lake on S3. Several machines may work on it.

The parts of every attempt to read a content have a place of their own, so that no object that the ledger names is ever
written again. What an attempt leaves that did not get into the ledger is removed a day later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from retail_assets.engine.identity import sha256_of
from retail_assets.engine.lease import Lease, this_machine
from retail_assets.engine.locking import exclusive, is_held
from retail_assets.engine.objects import S3Objects
from retail_assets.engine.parallel import at_once
from retail_assets.engine.private import private_folder
from retail_assets.engine.s3_errors import ObjectMissing
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.listing import Found, listed
from retail_assets.landing.storage import KEPT_SECONDS, QUARANTINED, REJECTED_NAME, REJECTED_SIZE

PUTS_AT_ONCE = 8
"""Of what was read, while the next file is being read."""


@dataclass
class S3Keeper:
    """PUTs what was read, several objects at once, while the next file is being read."""

    storage: S3Storage
    folder: Path
    pool: ThreadPoolExecutor
    _sent: dict[str, list[Future[None]]] = field(default_factory=dict)

    def keep(self, rows: Path, file_id: str) -> str:
        """Begin to PUT the parts."""
        attempt = uuid4().hex[:12]
        place = self.storage.attempt(file_id, attempt)
        outgoing = rows.rename(self.folder / f"outgoing-{attempt}")
        targets = {file: f"{file.parent.name}/{OBJECT_NAME}" for file in outgoing.glob(f"date=*/{OBJECT_NAME}")}
        targets |= dict.fromkeys(outgoing.glob(REJECTED_NAME), f"{QUARANTINED}/{REJECTED_NAME}")
        self._sent[attempt] = [self.pool.submit(self._send, file, place / name) for file, name in targets.items()]
        return attempt

    def confirm(self, entries: Iterable[LandedFile]) -> None:
        """Wait until S3 has the parts."""
        for entry in entries:
            for future in self._sent.pop(entry.attempt, ()):
                future.result()
            rmtree(self.folder / f"outgoing-{entry.attempt}", ignore_errors=True)

    def _send(self, file: Path, target: S3Location) -> None:
        self.storage.s3.put_file(target, file, sha256_of(file))


@dataclass(frozen=True)
class S3Storage:
    """The landing zone of the lake below ``lake``; ``local`` is a folder of this machine."""

    lake: S3Location
    s3: S3
    local: Path

    @property
    def parts(self) -> S3Location:
        """Holds parts by ``file_id`` and attempt."""
        return self.lake / "_landing/parts"

    @property
    def quarantine(self) -> S3Location:
        """Holds copies of the rejected rows by ``file_id``, for readers of plain objects."""
        return self.lake / f"rejected_events/{QUARANTINED}"

    @property
    def ledger_objects(self) -> S3Objects:
        """What the ledger is made of."""
        return S3Objects(self.s3, self.lake / "_landing/ledger")

    @property
    def is_busy(self) -> bool:
        """Whether a run is taking in files at this moment, here or elsewhere."""
        return is_held(self._lock) or self._lease.is_held()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The right to take in files: of the processes of this machine, then of all machines."""
        with exclusive(self._lock, "taking in files"), self._lease.held():
            yield

    @property
    def _lock(self) -> Path:
        return self.local / "landing.lock"

    @property
    def _lease(self) -> Lease:
        self.local.mkdir(parents=True, exist_ok=True)
        return Lease(self.s3, self.lake / "_locks/landing.json", this_machine(self.local), "taking in files")

    def attempt(self, file_id: str, attempt: str) -> S3Location:
        """Where the parts of an attempt are."""
        return self.parts / file_id / attempt

    def part(self, entry: LandedFile, day: str) -> str:
        """The object that holds a date of a file."""
        return f"{self.attempt(entry.file_id, entry.attempt)}/date={day}/{OBJECT_NAME}"

    def rejected(self, entry: LandedFile) -> tuple[str, int]:
        """The object that holds what was rejected of a file, and its bytes."""
        return str(self._rejected(entry)), entry.sizes[REJECTED_SIZE]

    def _rejected(self, entry: LandedFile) -> S3Location:
        return self.attempt(entry.file_id, entry.attempt) / QUARANTINED / REJECTED_NAME

    def _shown(self, entry: LandedFile) -> S3Location:
        return self.quarantine / f"{entry.file_id}.parquet"

    @contextmanager
    def keeping(self) -> Iterator[S3Keeper]:
        """Keeps what is read in a private folder of this machine until S3 has it."""
        with private_folder(self.local / "reading") as folder:
            pool = ThreadPoolExecutor(PUTS_AT_ONCE, "parts")
            try:
                yield S3Keeper(self, folder, pool)
            finally:
                pool.shutdown(cancel_futures=True)

    def discard(self, entry: LandedFile) -> None:
        """Remove the parts of an attempt that did not get into the ledger."""
        for place, _, _ in self.s3.listed(self.attempt(entry.file_id, entry.attempt)):
            self.s3.remove(place)

    @contextmanager
    def settling(self, shown: Collection[LandedFile], retired: Collection[LandedFile]) -> Iterator[None]:
        """Around a change of the ledger: the quarantine that others read as plain objects follows it."""
        showing, hiding = [entry for entry in shown if entry.rejected], [entry for entry in retired if entry.rejected]
        mark = self._unsettled / uuid4().hex
        if showing or hiding:
            self.s3.put(mark, b"")
        at_once(lambda entry: self.s3.put(self._retired / entry.file_id / entry.attempt, b""), retired)
        yield
        at_once(lambda entry: self.s3.remove(self._shown(entry)), hiding)
        at_once(self._show, showing)
        if showing or hiding:
            self.s3.remove(mark)

    @property
    def is_unsettled(self) -> bool:
        """Whether a process died while it changed the ledger, or is changing it."""
        return any(True for _ in self.s3.listed(self._unsettled))

    @property
    def _unsettled(self) -> S3Location:
        return self.lake / "_landing/unsettled"

    def _show(self, entry: LandedFile) -> None:
        """Copy rejected rows to where everybody looks for them, on the server."""
        source = self._rejected(entry)
        if state := self.s3.state(source):
            self.s3.copy(source, state, self._shown(entry))

    def sweep(self, standing: Callable[[], Collection[LandedFile]]) -> None:
        """Put right what dead runs left; once a day, remove old parts, too, which takes a listing of all."""
        if marks := [place for place, _, _ in self.s3.listed(self._unsettled)]:
            self._settle(standing)
            at_once(self.s3.remove, marks)
        if self._is_due():
            self._remove_unused(standing)

    def _settle(self, standing: Callable[[], Collection[LandedFile]]) -> None:
        """Let the quarantine be what the ledger says: listed first, since what is shown then is in the ledger."""
        shown = {place.key for place, _, _ in self.s3.listed(self.quarantine)}
        wanted = {self._shown(entry).key: entry for entry in standing() if entry.rejected}
        gone = [S3Location(self.lake.bucket, key) for key in sorted(shown - set(wanted))]
        at_once(self.s3.remove, gone)
        at_once(self._show, [wanted[key] for key in sorted(set(wanted) - shown)])

    def _remove_unused(self, standing: Callable[[], Collection[LandedFile]]) -> None:
        """Remove the parts that have been there for long, and that no entry names: listed first, as above."""
        oldest = (time.time() - KEPT_SECONDS) * 10**9

        def age(found: Found) -> bool:
            return found.mtime_ns < oldest

        retired = listed(self.s3, self._retired, age)
        parts = listed(self.s3, self.parts, age)
        in_use = {(entry.file_id, entry.attempt) for entry in standing()}
        kept = in_use | {_attempt(self._retired, key) for key, is_old in retired.items() if not is_old}
        unused = [key for key, is_old in parts.items() if is_old and _attempt(self.parts, key) not in kept]
        needless = [key for key, is_old in retired.items() if is_old]
        at_once(self.s3.remove, [S3Location(self.lake.bucket, key) for key in [*unused, *needless]])
        self.s3.put(self._swept, str(int(time.time())).encode())

    def _is_due(self) -> bool:
        try:
            found = self.s3.read(self._swept)
        except ObjectMissing:
            self.s3.put(self._swept, str(int(time.time())).encode())
            return False
        return found is not None and time.time() - int(found.content) > KEPT_SECONDS

    @property
    def _retired(self) -> S3Location:
        """Says of parts since when no entry names them any more."""
        return self.lake / "_landing/retired"

    @property
    def _swept(self) -> S3Location:
        return self.lake / "_landing/swept"


def _attempt(below: S3Location, key: str) -> tuple[str, ...]:
    """File and attempt that an object below a place belongs to."""
    return tuple(key[len(below.below) :].split("/")[:2])
