"""Where landed rows are kept: one folder of parts a content, and its rejected rows beside those of other datasets."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.partition import NULL_FOLDER
from retail_assets.engine.staging import OBJECT_NAME

PRIVATE = ".reading-"
"""Folders of files that are being read."""
REJECTED_NAME = "rejected.parquet"
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
        """Holds the rejected rows by ``file_id``."""
        return self.lake / "rejected_events" / "stage=landing" / f"date={NULL_FOLDER}"

    def part(self, file_id: str, day: str) -> str:
        """The object that holds a date of a file."""
        return f"{self.parts}/{file_id}/date={day}/{OBJECT_NAME}"

    def rejected(self, file_id: str) -> Path:
        """The object that holds what was rejected of a file."""
        return self.quarantine / f"{file_id}.parquet"

    def keep(self, folder: Path, file_id: str) -> None:
        """Move what was read into place."""
        found = folder / REJECTED_NAME
        if found.exists():
            self.quarantine.mkdir(parents=True, exist_ok=True)
            found.replace(self.rejected(file_id))
        for path in folder.iterdir():
            if path.is_file():
                path.unlink()
        target = self.parts / file_id
        shutil.rmtree(target, ignore_errors=True)  # of a run that died before the ledger knew of it
        folder.rename(target)

    def retire(self, file_id: str) -> None:
        """Take the rejected rows of a replaced content away; its parts stay until nobody can be reading them."""
        self.rejected(file_id).unlink(missing_ok=True)
        folder = self.parts / file_id
        if folder.exists():
            os.utime(folder)

    def sweep(self, in_use: Collection[str]) -> None:
        """Remove what dead runs and replaced contents left behind. Only for the holder of the landing's lock."""
        oldest = time.time() - KEPT_SECONDS
        for entry in _entries(self.parts):
            is_private = entry.name.startswith(PRIVATE)
            if is_private or (entry.name not in in_use and entry.stat().st_mtime < oldest):
                shutil.rmtree(entry.path, ignore_errors=True)
        for entry in _entries(self.quarantine):
            if entry.name.removesuffix(".parquet") not in in_use:
                Path(entry.path).unlink(missing_ok=True)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    return list(os.scandir(folder)) if folder.is_dir() else []
