"""Landed rows in a folder lake: parts become part of the lake by a rename."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.durability import make_durable
from retail_assets.engine.locking import exclusive, is_held
from retail_assets.engine.objects import FolderObjects
from retail_assets.engine.staging import OBJECT_NAME, link_or_copy
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.storage import KEPT_SECONDS, PRIVATE, QUARANTINED, REJECTED_NAME


@dataclass(frozen=True)
class FolderStorage:
    """The landing zone of the lake in the folder ``lake``."""

    lake: Path

    @property
    def parts(self) -> Path:
        """Holds a folder of parts by ``file_id``."""
        return self.lake / "_landing" / "parts"

    @property
    def quarantine(self) -> Path:
        """Holds links to the rejected rows by ``file_id``, for readers of the plain folder."""
        return self.lake / "rejected_events" / QUARANTINED

    @property
    def ledger_objects(self) -> FolderObjects:
        """What the ledger is made of."""
        return FolderObjects(self.lake / "_landing" / "ledger")

    @property
    def is_busy(self) -> bool:
        """Whether a run is taking in files at this moment."""
        return is_held(self._lock)

    @property
    def _lock(self) -> Path:
        return self.lake / "_landing" / "landing.lock"

    def exclusive(self) -> AbstractContextManager[None]:
        """The right to take in files; waits for whoever has it."""
        return exclusive(self._lock, "taking in files")

    def part(self, entry: LandedFile, day: str) -> str:
        """The object that holds a date of a file."""
        return f"{self.parts}/{entry.file_id}/date={day}/{OBJECT_NAME}"

    def rejected(self, entry: LandedFile) -> tuple[str, int]:
        """The object that holds what was rejected of a file, and its bytes."""
        path = self._rejected(entry.file_id)
        return str(path), path.stat().st_size

    def _rejected(self, file_id: str) -> Path:
        return self.parts / file_id / QUARANTINED / REJECTED_NAME

    @contextmanager
    def keeping(self) -> Iterator[FolderStorage]:
        """It keeps what is read itself."""
        self.parts.mkdir(parents=True, exist_ok=True)
        yield self

    @property
    def folder(self) -> Path:
        """Where private folders for reading are made."""
        return self.parts

    def keep(self, rows: Path, file_id: str) -> str:
        """Move what was read into place."""
        for path in rows.iterdir():
            if path.is_file() and path.name != REJECTED_NAME:
                path.unlink()
        if (found := rows / REJECTED_NAME).exists():
            (rows / QUARANTINED).mkdir(parents=True)
            found.rename(rows / QUARANTINED / REJECTED_NAME)
        target = self.parts / file_id
        shutil.rmtree(target, ignore_errors=True)  # of a run that died before the ledger knew of it
        rows.rename(target)
        return ""

    def confirm(self, entries: Iterable[LandedFile]) -> None:
        """Wait until the disk holds the rows."""
        make_durable([path for entry in entries for path in (self.parts / entry.file_id).rglob("*.parquet")])

    def discard(self, entry: LandedFile) -> None:
        """Leave it to ``sweep``: the same place may be that of a file that did get in."""

    @contextmanager
    def settling(self, shown: Collection[LandedFile], retired: Collection[LandedFile]) -> Iterator[None]:
        """Around a change of the ledger: the quarantine that others read as plain files follows it."""
        self._unsettled.parent.mkdir(parents=True, exist_ok=True)
        self._unsettled.touch()
        yield
        for entry in retired:
            self._retire(entry.file_id)
        self._show(entry.file_id for entry in shown)
        self._unsettled.unlink(missing_ok=True)

    @property
    def is_unsettled(self) -> bool:
        """Whether a process died while it changed the ledger."""
        return self._unsettled.exists()

    @property
    def _unsettled(self) -> Path:
        return self.parts.parent / ".unsettled"

    def _show(self, file_ids: Iterable[str]) -> None:
        """Link rejected rows to where everybody looks for them."""
        for file_id in file_ids:
            source, target = self._rejected(file_id), self.quarantine / f"{file_id}.parquet"
            if source.exists() and not target.exists():
                self.quarantine.mkdir(parents=True, exist_ok=True)
                link_or_copy(source, target)

    def _retire(self, file_id: str) -> None:
        """Take the rejected rows of a replaced content away; what the ledger named stays while it may be read."""
        (self.quarantine / f"{file_id}.parquet").unlink(missing_ok=True)
        folder = self.parts / file_id
        if folder.exists():
            os.utime(folder)

    def sweep(self, standing: Callable[[], Collection[LandedFile]]) -> None:
        """Put right what dead runs left, and remove old contents. Only for the holder of the landing's lock."""
        in_use = {entry.file_id for entry in standing()}
        oldest = time.time() - KEPT_SECONDS
        for entry in _entries(self.parts):
            is_private = entry.name.startswith(PRIVATE)
            if is_private or (entry.name not in in_use and entry.stat().st_mtime < oldest):
                shutil.rmtree(entry.path, ignore_errors=True)
        for entry in _entries(self.quarantine):
            if entry.name.removesuffix(".parquet") not in in_use:
                Path(entry.path).unlink(missing_ok=True)
        if self.is_unsettled:
            self._show(in_use)
            self._unsettled.unlink()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    return list(os.scandir(folder)) if folder.is_dir() else []
