"""How far the taking in of files has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """So many files, bytes and rows are done, of so many."""

    name: str
    """The file whose turn it is."""
    files_done: int
    files: int
    bytes_done: int
    """Bytes that went through the gate; files that are read whole afterwards are not done then."""
    bytes: int
    rows: int
    """Rows read so far, of files that are read in slices."""


Tell = Callable[[Progress], None]


def in_lines(write: Callable[[str], object], seconds_between: float = 10.0) -> Tell:
    """Progress as a line for every file, and every now and then for a long one."""
    last: tuple[str, float] = ("", 0.0)

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if progress.name != last[0] or now - last[1] >= seconds_between:
            last = progress.name, now
            write(
                f"file {progress.files_done + 1:,} of {progress.files:,}: {progress.name}; {progress.rows:,} rows read"
            )

    return tell


@dataclass
class Watch:
    """Counts what several threads do, and tells of it when asked to."""

    tell: Tell | None = None
    files: int = 0
    bytes: int = 0
    _files_done: int = 0
    _bytes_done: int = 0
    _rows: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_bytes(self, number: int) -> None:
        """So many bytes more went through the gate."""
        with self._lock:
            self._bytes_done += number

    def add_rows(self, number: int) -> None:
        """So many rows more were read."""
        with self._lock:
            self._rows += number

    def add_file(self) -> None:
        """Another file is settled."""
        self._files_done += 1

    def report(self, name: str) -> None:
        """Tell how far it has come, in the thread that asks."""
        if self.tell:
            self.tell(Progress(name, self._files_done, self.files, self._bytes_done, self.bytes, self._rows))
