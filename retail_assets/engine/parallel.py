"""Work that runs in several threads at once, with its results in order: DuckDB, disks and servers need no Python."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Task = TypeVar("Task")
Result = TypeVar("Result")

STOP_AGAIN_SECONDS = 0.05
TOGETHER = 16
"""Requests that are under way at once: they wait more than they work."""


def at_once(ask: Callable[[Task], Result], items: Iterable[Task], together: int = TOGETHER) -> list[Result]:
    """What a server or a disk answers about each item, in their order, so many asked at once."""
    listed = list(items)
    if len(listed) < 2:
        return [ask(item) for item in listed]
    with ThreadPoolExecutor(min(together, len(listed))) as pool:
        return list(pool.map(ask, listed))


class Running:
    """The connections that threads work with at the moment, so that another thread can stop them."""

    def __init__(self) -> None:
        self._connections: list[DuckDBPyConnection] = []
        self._lock = Lock()

    @contextmanager
    def using(self, connection: DuckDBPyConnection) -> Iterator[None]:
        """Count the connection among those that run."""
        with self._lock:
            self._connections.append(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.remove(connection)

    def interrupt(self) -> None:
        """Let the statement that each of them executes fail."""
        with self._lock:
            for connection in self._connections:
                connection.interrupt()


def in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int, running: Running
) -> Generator[Result]:
    """The results of the tasks in their order, so many at work at once; with one worker, in the caller's thread.

    When a task fails or the caller goes away, no further one begins, and what is running is interrupted.
    """
    if workers == 1:
        yield from map(work, tasks)
        return
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work, task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        finally:
            left = [future for future in futures if not future.cancel() and not future.done()]
            while wait(left, timeout=0).not_done:  # a thread between two statements hears no interrupt
                running.interrupt()
                wait(left, timeout=STOP_AGAIN_SECONDS)
