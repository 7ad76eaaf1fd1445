"""The inbox: a folder in which event files arrive."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".csv", ".csv.gz", ".parquet")
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True)
class Arrival:
    """A file in the inbox: its name (path below the inbox), size and time of change."""

    name: str
    path: Path
    bytes: int
    mtime_ns: int


def arrivals(inbox: Path) -> list[Arrival]:
    """The event files in the inbox, by name; hidden, temporary and other files are left alone."""
    found = (path for path in inbox.rglob("*") if _is_event_file(path, inbox)) if inbox.is_dir() else ()
    return sorted((_arrival(path, inbox) for path in found), key=lambda arrival: arrival.name)


def deliver(source: Path, inbox: Path) -> Arrival:
    """Copy a file into the inbox so that it appears there complete or not at all.

    Raises:
        ValueError: the file's name says that it is no CSV, CSV.GZ or Parquet file.
    """
    if not source.name.lower().endswith(SUFFIXES):
        raise ValueError(f"{source} is none of {', '.join(SUFFIXES)}: rename it to what it is")
    inbox.mkdir(parents=True, exist_ok=True)
    temporary = inbox / f".{source.name}.part"
    shutil.copyfile(source, temporary)
    target = temporary.replace(inbox / source.name)
    return _arrival(target, inbox)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _is_event_file(path: Path, inbox: Path) -> bool:
    parts = path.relative_to(inbox).parts
    name = path.name.lower()
    hidden = any(part.startswith((".", "_")) for part in parts)
    return not hidden and name.endswith(SUFFIXES) and not name.endswith(UNFINISHED) and path.is_file()


def _arrival(path: Path, inbox: Path) -> Arrival:
    state = path.stat()
    return Arrival(path.relative_to(inbox).as_posix(), path, state.st_size, state.st_mtime_ns)
