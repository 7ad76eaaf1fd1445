"""The inbox: a folder in which event files arrive."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from retail_assets.engine.private import private_file
from retail_assets.landing.arrival import HIDDEN, SUFFIXES, Arrival, is_event_file

Wanted = Callable[[Arrival], bool]


class Inbox(Protocol):
    """A place where event files arrive."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def arrivals(self, wanted: Wanted, known: Sequence[str] = ()) -> list[Arrival]:
        """The wanted event files, by name. Names that are ``known`` to be there may make it faster."""

    def fetch(self, arrival: Arrival, folder: Path) -> Arrival:
        """The same file on this machine: as it is, or copied below ``folder``. FileChanged where it is another now."""

    def deliver(self, file: Path, name: str) -> int:
        """Put a file there under a name, complete or not at all; returns its bytes."""

    def holds(self, file: Path, name: str) -> bool:
        """Whether it has these bytes under that name already."""


@dataclass(frozen=True)
class FolderInbox:
    """A folder, with sub-folders of any depth. ``source`` leads the names of its files."""

    folder: Path
    source: str = ""

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def arrivals(self, wanted: Wanted, known: Sequence[str] = ()) -> list[Arrival]:
        """The wanted event files, by name; hidden, temporary and other files are left alone."""
        found = _files(self.folder, named(self.source, ""), self.source) if self.folder.is_dir() else ()
        return sorted(filter(wanted, found), key=lambda arrival: arrival.name)

    def fetch(self, arrival: Arrival, folder: Path) -> Arrival:
        """The file itself."""
        return arrival

    def deliver(self, file: Path, name: str) -> int:
        """Copy it so that it appears complete or not at all."""
        target = self.folder / name
        return deliver(file, target.parent, target.name).bytes

    def holds(self, file: Path, name: str) -> bool:
        """Whether there is a file of that name with these bytes."""
        target = self.folder / name
        return target.is_file() and filecmp.cmp(file, target, shallow=False)


def named(source: str, path: str) -> str:
    """The name of a file below the inbox of a source: no path of another one begins like it."""
    return f"{source}://{path}" if source else path


def arrivals(inbox: Path) -> list[Arrival]:
    """The event files in a folder, by name; hidden, temporary and other files are left alone."""
    return FolderInbox(inbox).arrivals(lambda _: True)


def deliver(source: Path, inbox: Path, name: str | None = None) -> Arrival:
    """Copy a file into the inbox so that it appears there complete or not at all.

    Raises:
        ValueError: the file's name says that it is no CSV, CSV.GZ or Parquet file.
    """
    name = name or source.name
    require_event_file(name)
    inbox.mkdir(parents=True, exist_ok=True)
    with private_file(inbox, name) as temporary:
        shutil.copyfile(source, temporary)
        target = temporary.replace(inbox / name)
    return _arrival(target.name, str(target), target.stat())


def require_event_file(name: str) -> None:
    """Refuse to deliver what would be left alone.

    Raises:
        ValueError: the name is none of a CSV, CSV.GZ or Parquet file.
    """
    if not is_event_file(name):
        raise ValueError(f"{name} is none of {', '.join(SUFFIXES)}: rename it to what it is")


def _files(folder: str | Path, below: str, source: str) -> Iterator[Arrival]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, f"{below}{entry.name}/", source)
            elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                with suppress(FileNotFoundError):  # gone since the folder was read
                    yield _arrival(f"{below}{entry.name}", entry.path, entry.stat(), source)


def _arrival(name: str, location: str, state: os.stat_result, source: str = "") -> Arrival:
    return Arrival(name, location, state.st_size, state.st_mtime_ns, source=source)
