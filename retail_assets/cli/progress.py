"""Progress of long work on stderr: bars in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import io
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from retail_assets.engine.pace import Reach

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS_BETWEEN_LINES = 5.0


class Meter(Protocol):
    """Shows how far a named piece of work has come."""

    def show(self, label: str, done: int, total: int) -> None:
        """So many of so many are done."""

    def tell(self, label: str, reach: Reach) -> None:
        """It has come so far."""


@contextmanager
def meter() -> Iterator[Meter]:
    """A meter that suits where stderr goes. Warnings of the platform appear between its lines."""
    with _own_stderr() as stream:
        if stream.isatty() and os.environ.get("TERM") != "dumb":
            with _bars(stream) as bars, _warnings(bars.line):
                yield bars
        else:
            lines = Lines(stream)
            with _warnings(lines.line):
                yield lines


class Lines:
    """A plain line when work starts, when it is done, and every few seconds between."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self._last: dict[str, tuple[float, Reach | None]] = {}

    def show(self, label: str, done: int, total: int) -> None:
        """Write a line if it is time for one."""
        self.tell(label, Reach(done, total))

    def tell(self, label: str, reach: Reach) -> None:
        """Write a line if it is time for one."""
        now = time.monotonic()
        at, before = self._last.get(label, (-SECONDS_BETWEEN_LINES, None))
        is_due = now - at >= SECONDS_BETWEEN_LINES or reach.done >= reach.total
        if is_due and not _says_the_same(before, reach):
            self._last[label] = (now, reach)
            self.line(f"{label}: {reach}")

    def line(self, text: str) -> None:
        """Write a line."""
        self.stream.write(text + "\n")
        self.stream.flush()


def _says_the_same(before: Reach | None, reach: Reach) -> bool:
    return before is not None and (before.done, before.rows, before.share) == (reach.done, reach.rows, reach.share)


class Bars:
    """A bar for each piece of work, and beside it what a line would say."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, label: str, done: int, total: int) -> None:
        """Move the bar."""
        self.tell(label, Reach(done, total))

    def tell(self, label: str, reach: Reach) -> None:
        """Move the bar."""
        if label not in self._tasks:
            self._tasks[label] = self.progress.add_task(label, total=1.0, reach=reach)
        self.progress.update(self._tasks[label], completed=reach.part, reach=reach)

    def line(self, text: str) -> None:
        """Write a line above the bars."""
        self.progress.console.print(text, markup=False, highlight=False)


@contextmanager
def _bars(stream: IO[str]) -> Iterator[Bars]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[reach]}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(file=stream, force_terminal=True)
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress:
        yield Bars(progress)


@contextmanager
def _own_stderr() -> Iterator[IO[str]]:
    """A handle on stderr of our own: while a step runs, Dagster points the process's stderr at a log file."""
    try:
        copy = os.dup(sys.stderr.fileno())
    except (OSError, io.UnsupportedOperation):
        yield sys.stderr
        return
    with os.fdopen(copy, "w", encoding=sys.stderr.encoding, errors="replace") as stream:
        yield stream


class Listener(logging.Handler):
    """Hands log records to a function."""

    def __init__(self, tell: Callable[[logging.LogRecord], None]) -> None:
        super().__init__()
        self.tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record on."""
        self.tell(record)


@contextmanager
def listening(logger: str, level: int, tell: Callable[[logging.LogRecord], None]) -> Iterator[None]:
    """Hand the logger's records to a function, and to nobody else, for a while."""
    source, listener = logging.getLogger(logger), Listener(tell)
    before = source.level, source.propagate
    source.setLevel(level)
    source.propagate = False
    source.addHandler(listener)
    try:
        yield
    finally:
        source.removeHandler(listener)
        source.setLevel(before[0])
        source.propagate = before[1]


def _warnings(line: Callable[[str], None]) -> AbstractContextManager[None]:
    """Warnings of the platform as lines; those of landing are left to the report on the files."""

    def tell(record: logging.LogRecord) -> None:
        if not record.name.startswith("retail_assets.landing"):
            line(f"{record.levelname.lower()}: {record.getMessage()}")

    return listening("retail_assets", logging.WARNING, tell)
