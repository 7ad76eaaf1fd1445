"""The inbox: a folder in which event files arrive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.private import private_file

SUFFIXES = (".csv", ".csv.gz", ".parquet")


class FileChanged(Exception):
    """A file is not what it was when it was listed: it is left alone until it keeps still."""


@dataclass(frozen=True)
class Arrival:
    """A file in the inbox: its name (path below the inbox), size and time of change."""

    name: str
    location: str
    bytes: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Where it lies. Made when asked for: parsing the paths of 100,000 files takes longer than listing them."""
        return Path(self.location)


def arrivals(inbox: Path) -> list[Arrival]:
    """The event files in the inbox, by name; hidden, temporary and other files are left alone."""
    return sorted(_files(inbox, ""), key=lambda arrival: arrival.name) if inbox.is_dir() else []


def deliver(source: Path, inbox: Path) -> Arrival:
    """Copy a file into the inbox so that it appears there complete or not at all.

    Raises:
        ValueError: the file's name says that it is no CSV, CSV.GZ or Parquet file.
    """
    if not source.name.lower().endswith(SUFFIXES):
        raise ValueError(f"{source} is none of {', '.join(SUFFIXES)}: rename it to what it is")
    inbox.mkdir(parents=True, exist_ok=True)
    with private_file(inbox, source.name) as temporary:
        shutil.copyfile(source, temporary)
        target = temporary.replace(inbox / source.name)
    return _arrival(target.name, str(target), target.stat())


def require_unchanged(arrival: Arrival, state: os.stat_result | None = None) -> None:
    """Refuse a file that is not what it was when it was listed.

    Raises:
        FileChanged: its size or time of change is another, or it is gone.
    """
    try:
        state = state or arrival.path.stat()
    except FileNotFoundError as error:
        raise FileChanged(f"{arrival.name} is gone") from error
    if (state.st_size, state.st_mtime_ns) != (arrival.bytes, arrival.mtime_ns):
        raise FileChanged(f"{arrival.name} is still being written")


def _files(folder: str | Path, below: str) -> Iterator[Arrival]:
    """Event files at any depth.

    Names that begin with a dot or an underscore are hidden, as Spark and Hive have it; temporary files carry one of
    those or an ending of their own, such as ``.part``.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{below}{entry.name}/")
            elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                with suppress(FileNotFoundError):  # gone since the folder was read
                    yield _arrival(f"{below}{entry.name}", entry.path, entry.stat())


def _arrival(name: str, location: str, state: os.stat_result) -> Arrival:
    return Arrival(name, location, state.st_size, state.st_mtime_ns)
