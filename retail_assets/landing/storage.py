"""Where landed rows are kept: one folder of parts a content, and its rejected rows beside those of other datasets."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.durability import make_durable
from retail_assets.engine.partition import NULL_FOLDER
from retail_assets.engine.staging import OBJECT_NAME, link_or_copy

PRIVATE = ".reading-"
"""Folders of files that are being read."""
REJECTED_NAME = "rejected.parquet"
_QUARANTINED = f"stage=landing/date={NULL_FOLDER}"
KEPT_SECONDS = 24 * 3600
"""Parts that nothing refers to any more stay for so long: a run may still be reading them."""


@dataclass(frozen=True)
class LandingStorage:
    """The parts and the quarantine of a lake's landing zone."""

    lake: Path

    @property
    def parts(self) -> Path:
        """Holds a folder of parts by ``file_id``."""
        return self.lake / "_landing" / "parts"

    @property
    def quarantine(self) -> Path:
        """Holds links to the rejected rows by ``file_id``, for readers of the plain folder."""
        return self.lake / "rejected_events" / _QUARANTINED

    def part(self, file_id: str, day: str) -> str:
        """The object that holds a date of a file."""
        return f"{self.parts}/{file_id}/date={day}/{OBJECT_NAME}"

    def rejected(self, file_id: str) -> Path:
        """The object that holds what was rejected of a file, for readers that know of it from the ledger."""
        return self.parts / file_id / _QUARANTINED / REJECTED_NAME

    def keep(self, folder: Path, file_id: str) -> None:
        """Move what was read into place."""
        for path in folder.iterdir():
            if path.is_file() and path.name != REJECTED_NAME:
                path.unlink()
        if (found := folder / REJECTED_NAME).exists():
            (folder / _QUARANTINED).mkdir(parents=True)
            found.rename(folder / _QUARANTINED / REJECTED_NAME)
        target = self.parts / file_id
        shutil.rmtree(target, ignore_errors=True)  # of a run that died before the ledger knew of it
        folder.rename(target)

    def confirm(self, file_ids: Collection[str]) -> None:
        """Wait until the disk holds the rows of these contents, so that the ledger may rely on them."""
        make_durable([path for file_id in file_ids for path in (self.parts / file_id).rglob("*.parquet")])

    @contextmanager
    def settling(self, shown: Collection[str], retired: Collection[str]) -> Iterator[None]:
        """Around a change of the ledger: the quarantine that others read as plain files follows it.

        Should the process die in between, ``is_unsettled`` says so to the next one, which sweeps.
        """
        self._unsettled.parent.mkdir(parents=True, exist_ok=True)
        self._unsettled.touch()
        yield
        for file_id in retired:
            self._retire(file_id)
        self._show(shown)
        self._unsettled.unlink(missing_ok=True)

    @property
    def is_unsettled(self) -> bool:
        """Whether a process died while it changed the ledger."""
        return self._unsettled.exists()

    @property
    def _unsettled(self) -> Path:
        return self.parts.parent / ".unsettled"

    def _show(self, file_ids: Collection[str]) -> None:
        """Link rejected rows to where everybody looks for them."""
        for file_id in file_ids:
            source, target = self.rejected(file_id), self.quarantine / f"{file_id}.parquet"
            if source.exists() and not target.exists():
                self.quarantine.mkdir(parents=True, exist_ok=True)
                link_or_copy(source, target)

    def _retire(self, file_id: str) -> None:
        """Take the rejected rows of a replaced content away; what the ledger named stays while it may be read."""
        (self.quarantine / f"{file_id}.parquet").unlink(missing_ok=True)
        folder = self.parts / file_id
        if folder.exists():
            os.utime(folder)

    def sweep(self, in_use: Collection[str]) -> None:
        """Put right what dead runs left, and remove old contents. Only for the holder of the landing's lock."""
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
