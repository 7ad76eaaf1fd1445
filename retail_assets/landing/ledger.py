"""The ledger: what landed, known by content.

A log of small JSON files, each written whole or not at all: segments with the entries of a few files, and now and
then a checkpoint that repeats the latest entry of every name, so that readers need not go through the whole past. A
process that dies at any instant leaves a log that reads the same; what it left behind is removed later.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

State = Literal["landed", "duplicate", "blocked", "withdrawn"]
SEGMENTS_PER_CHECKPOINT = 100
_FORMAT = 2
_SUFFIX, _CHECKPOINT = ".json", ".checkpoint.json"
_ATTEMPTS = 5
_EMPTY: Mapping[str, int] = MappingProxyType({})


class Book(NamedTuple):
    """How many rows of a file had an outcome: ``received``, ``clean`` (sent on to raw_events) or a reject reason."""

    date: str | None
    reason: str
    rows: int


class LandedFile(NamedTuple):
    """What the ledger knows of one file name: what was last seen there, what became of it, and the rows it stands for.

    ``sha256``, ``bytes``, ``mtime_ns`` and ``reader`` (the digest of everything that reading depends on) describe what
    was last seen. Everything from ``file_id`` on describes what is read from the lake: the same content, or, where the
    new one was blocked, what was there before. ``as_of`` is when this content first landed; it stays when the file is
    read again.

    A tuple, since a hundred thousand of them are made whenever a process first reads the ledger.
    """

    name: str
    state: State
    sha256: str
    bytes: int
    mtime_ns: int
    reader: str
    as_of: str
    code: str = ""
    """Why the file is blocked, such as ``corrupt_gzip``."""
    detail: str = ""
    file_id: str = ""
    """Names the content in the lake; empty where the file stands for no rows."""
    parts: Mapping[str, int] = _EMPTY
    """Rows by date."""
    sizes: Mapping[str, int] = _EMPTY
    """Bytes of the parts by date."""
    rejected: tuple[Book, ...] = ()
    """Rows in quarantine by date, where they have one, and reason."""
    notes: Mapping[str, str] = MappingProxyType({})
    """Oddities worth a warning, by code, such as ``schema_added``."""

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return sum(self.parts.values()) + sum(book.rows for book in self.rejected)

    @property
    def books(self) -> list[Book]:
        """What became of the rows, by date: received = clean + rejected."""
        received: dict[str | None, int] = {day: rows for day, rows in self.parts.items()}  # noqa: C416
        for book in self.rejected:
            received[book.date] = received.get(book.date, 0) + book.rows
        clean = [Book(day, "clean", rows) for day, rows in self.parts.items()]
        return [*(Book(day, "received", rows) for day, rows in received.items()), *clean, *self.rejected]


@dataclass(frozen=True)
class Ledger:
    """The ledger in ``folder``. Writers hold the landing's lock; readers need none."""

    folder: Path

    def files(self) -> dict[str, LandedFile]:
        """The latest entry of every file name.

        Raises:
            ValueError: a file of the ledger is damaged; the message names it and the mend.
        """
        for _ in range(_ATTEMPTS):
            try:
                return dict(_latest(self.folder, _log(self.folder)))
            except FileNotFoundError:  # a checkpoint took its place since the folder was listed
                continue
        raise ValueError(f"{self.folder} changes faster than it can be read. Try again when no run is taking in files.")

    def version(self) -> str:
        """Changes with every entry."""
        log = _log(self.folder)
        return log[-1].name if log else ""

    def append(self, files: Iterable[LandedFile]) -> None:
        """Add entries in one atomic step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = _log(self.folder)
        number = _number(log[-1]) + 1 if log else 1
        self._write(f"{number:09d}{_SUFFIX}", files)
        if len(log) >= SEGMENTS_PER_CHECKPOINT:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write the latest entry of every name into one file, then remove what it makes needless."""
        log = _log(self.folder)
        if len(log) > 1:
            latest = self.files()
            self._write(f"{_number(log[-1]):09d}{_CHECKPOINT}", latest.values())
            _read[self.folder] = ([_stamp(path) for path in _log(self.folder)], latest)
        newest = set(_log(self.folder))
        for path in self.folder.iterdir():
            if path not in newest:
                path.unlink(missing_ok=True)

    def _write(self, name: str, files: Iterable[LandedFile]) -> None:
        target, temporary = self.folder / name, self.folder / f".{name}.{os.getpid()}"
        lines = ",\n".join(map(_line, files))
        try:
            with temporary.open("w", encoding="utf-8") as stream:
                stream.write(f'{{"format": {_FORMAT}, "fields": {json.dumps(LandedFile._fields)}, ')
                stream.write(f'"files": [\n{lines}\n]}}\n')
                stream.flush()
                os.fsync(stream.fileno())
            os.link(temporary, target)  # fails where another run wrote this number, which the landing's lock forbids
        finally:
            temporary.unlink()


_Stamp = tuple[str, int, int, int]
_read: dict[Path, tuple[list[_Stamp], dict[str, LandedFile]]] = {}
"""What this process has read of each ledger: the log so far, and the latest entries."""


def _log(folder: Path) -> list[Path]:
    """The newest checkpoint, where there is one, and the segments after it."""
    names = sorted(entry.name for entry in os.scandir(folder)) if folder.is_dir() else []
    names = [name for name in names if not name.startswith(".")]
    checkpoints = [name for name in names if name.endswith(_CHECKPOINT)]
    start = checkpoints[-1:]
    after = start[0].removesuffix(_CHECKPOINT) if start else ""
    segments = [n for n in names if not n.endswith(_CHECKPOINT) and n.removesuffix(_SUFFIX) > after]
    return [folder / name for name in [*start, *segments]]


def _number(path: Path) -> int:
    return int(path.name.split(".", 1)[0])


def _latest(folder: Path, log: list[Path]) -> Mapping[str, LandedFile]:
    """The entries that the log adds up to; files that this process has read before are not read again."""
    stamps = [_stamp(path) for path in log]
    known, latest = _read.get(folder, ([], {}))
    if stamps[: len(known)] != known:
        known, latest = [], {}
    latest = dict(latest)
    for path in log[len(known) :]:
        latest.update(_entries(path))
    _read[folder] = (stamps, latest)
    return latest


def _stamp(path: Path) -> _Stamp:
    state = path.stat()
    return path.name, state.st_ino, state.st_size, state.st_mtime_ns


def _entries(path: Path) -> dict[str, LandedFile]:
    try:
        with _no_collections():
            document = json.loads(path.read_bytes())
            if document["format"] != _FORMAT:
                raise ValueError(f"format {document['format']} instead of {_FORMAT}")
            return {values[0]: _landed_file(values) for values in document["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged or of another version ({error}). Remove the folder {path.parent}: "
            "the next run takes in all files of the landing folder anew."
        ) from error


def _line(item: LandedFile) -> str:
    return json.dumps([dict(value) if isinstance(value, Mapping) else value for value in item], separators=(",", ":"))


def _landed_file(values: list[Any]) -> LandedFile:
    found = LandedFile._make(values)
    return found._replace(rejected=tuple(map(Book._make, found.rejected)))


@contextmanager
def _no_collections() -> Iterator[None]:
    """Spare the garbage collector: it would walk through millions of new objects again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
