"""The ledger: what landed, known by content.

A log of small JSON files, each written whole or not at all: segments with the entries of a few files, and now and
then a checkpoint that repeats the latest entry of every name, so that readers need not go through the whole past. A
process that dies at any instant leaves a log that reads the same; what it left behind is removed later.

Segments are numbered without gaps, and a number is given once. So a writer can say on which position of the log its
entries were decided, and they get in there or not at all: no lock is needed for the log to be right.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from retail_assets.engine.objects import Listed, Objects

State = Literal["landed", "duplicate", "blocked", "withdrawn"]
SEGMENTS_PER_CHECKPOINT = 100
_FORMAT = 2
_SUFFIX, _CHECKPOINT = ".json", ".checkpoint.json"
_ATTEMPTS = 5
_RIVALS = 1000
"""How often other writers may be faster than one that does not care: each time one of them has got its entries in."""
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
    etag: str = ""
    """What was last seen there, where the inbox is on S3: known by this instead of by its time."""
    attempt: str = ""
    """Names the place of the parts, where several runs may have read the same content."""

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


class LedgerMoved(Exception):
    """Others have appended since the entries were decided: read the ledger again, and decide anew."""


@dataclass(frozen=True)
class Ledger:
    """The ledger in a folder or on S3. Readers and writers need no lock."""

    objects: Objects

    def files(self) -> dict[str, LandedFile]:
        """The latest entry of every file name.

        Raises:
            ValueError: a part of the ledger is damaged; the message names it and the mend.
        """
        return self.state()[0]

    def state(self) -> tuple[dict[str, LandedFile], int]:
        """The latest entry of every file name, and the position of the log up to which that holds.

        Raises:
            ValueError: a part of the ledger is damaged; the message names it and the mend.
        """
        for _ in range(_ATTEMPTS):
            log = _log(self.objects)
            with suppress(FileNotFoundError):  # a checkpoint took its place since the ledger was listed
                return dict(_read_up_to(self.objects, log)), _position(log)
        raise _changes_too_fast(self.objects)

    def version(self) -> str:
        """Changes with every entry."""
        log = _log(self.objects)
        return log[-1].name if log else ""

    def append(self, files: Iterable[LandedFile], at: int | None = None) -> int:
        """Add entries in one atomic step, right after the position that they were decided on; returns the new one.

        Without a position they are added whatever others have added.

        Raises:
            LedgerMoved: others have added entries since. Now and then it is raised though these entries got in:
                deciding anew finds them.
        """
        content = _document(files)
        for _ in range(_RIVALS if at is None else 1):
            log = _log(self.objects)
            number = _position(log) + 1
            if at in (None, number - 1) and self._claim(number, content):
                if len(log) >= SEGMENTS_PER_CHECKPOINT:
                    self.checkpoint()
                return number
        raise LedgerMoved(f"{self.objects.place} has moved on from position {at}")

    def _claim(self, number: int, content: bytes) -> bool:
        """Write the segment of that number; whether it is part of the log for sure."""
        try:
            self.objects.create(f"{number:09d}{_SUFFIX}", content)
        except FileExistsError:
            return False
        # Whoever was held up before writing may have found the number free since a checkpoint had taken its place.
        newest = _log(self.objects)[:1]
        return not (newest and newest[0].name.endswith(_CHECKPOINT) and _number(newest[0].name) >= number)

    def checkpoint(self) -> None:
        """Write the latest entry of every name into one object, then remove what it makes needless."""
        log = _log(self.objects)
        if len(log) > 1:
            with suppress(FileExistsError):  # another writer made the same one
                name = f"{_number(log[-1].name):09d}{_CHECKPOINT}"
                self.objects.create(name, _document(_read_up_to(self.objects, log).values()))
        needed = _log(self.objects)
        for item in self.objects.listed():
            if item not in needed and _number(item.name) <= _number(needed[0].name):
                self.objects.remove(item.name)
        self.objects.sweep()


_read: dict[Objects, tuple[list[Listed], dict[str, LandedFile]]] = {}
"""What this process has read of each ledger: the log so far, and the latest entries."""


def _log(objects: Objects) -> list[Listed]:
    """The newest checkpoint, where there is one, and the segments after it."""
    for _ in range(_ATTEMPTS):
        listed = objects.listed()
        start = [item for item in listed if item.name.endswith(_CHECKPOINT)][-1:]
        after = _position(start)
        segments = [item for item in listed if not item.name.endswith(_CHECKPOINT) and _number(item.name) > after]
        if _position(segments) in (0, after + len(segments)):  # else it was changed while it was listed
            return [*start, *segments]
    raise _changes_too_fast(objects)


def _position(log: list[Listed]) -> int:
    return _number(log[-1].name) if log else 0


def _number(name: str) -> int:
    return int(name.split(".", 1)[0])


def _read_up_to(objects: Objects, log: list[Listed]) -> dict[str, LandedFile]:
    """The entries that the log adds up to; what this process has read before is not read again."""
    known, latest = _read.get(objects, ([], {}))
    if log[: len(known)] != known:
        known, latest = _checkpointed(log, known, latest)
    latest = dict(latest)
    for item in log[len(known) :]:
        latest.update(_entries(objects, item.name))
    _read[objects] = (log, latest)
    return latest


def _checkpointed(
    log: list[Listed], known: list[Listed], latest: dict[str, LandedFile]
) -> tuple[list[Listed], dict[str, LandedFile]]:
    """A checkpoint of just what is known says nothing new; of anything else, all must be read."""
    is_known = bool(log and known) and log[0].name == known[-1].name.replace(_SUFFIX, _CHECKPOINT)
    return (log[:1], latest) if is_known else ([], {})


def _changes_too_fast(objects: Objects) -> ValueError:
    return ValueError(
        f"{objects.place} changes faster than it can be read, or one of its numbers is missing. Try again when no run "
        "is taking in files; if it stays so, remove it: the next run takes in all files of the landing folder anew."
    )


def _entries(objects: Objects, name: str) -> dict[str, LandedFile]:
    content = objects.read(name)
    try:
        with _no_collections():
            document = json.loads(content)
            if document["format"] != _FORMAT:
                raise ValueError(f"format {document['format']} instead of {_FORMAT}")
            return {values[0]: _landed_file(values) for values in document["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{name} in {objects.place} is damaged or of another version ({error}). Remove {objects.place}: "
            "the next run takes in all files of the landing folder anew."
        ) from error


def _document(files: Iterable[LandedFile]) -> bytes:
    lines = ",\n".join(map(_line, files))
    fields = json.dumps(LandedFile._fields)
    return f'{{"format": {_FORMAT}, "fields": {fields}, "files": [\n{lines}\n]}}\n'.encode()


def _line(item: LandedFile) -> str:
    return json.dumps([dict(value) if isinstance(value, Mapping) else value for value in item], separators=(",", ":"))


def _landed_file(values: list[Any]) -> LandedFile:
    found = LandedFile(*values)  # fewer values than fields: an older version's
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
