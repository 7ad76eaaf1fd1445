"""The threads that read slices, one database session each: an ordered scan is free where nobody else scans."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from retail_assets.engine.session import Capacity, session
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

P = ParamSpec("P")
T = TypeVar("T")
LEAST_MEMORY_MB = 256
MOST_WAITING = 2
"""Tasks that may wait: whoever has more must wait, so that slices do not pile up on the disk."""


@dataclass(eq=False)
class _Session:
    """A database session and what closes it."""

    connection: DuckDBPyConnection
    stack: ExitStack


class SlicePool:
    """Runs tasks on as many threads as the platform may use, within its memory. Close it by leaving it.

    ``meanwhile`` is called with every task that is handed over: what it begins has Python for itself then.
    """

    def __init__(self, settings: Settings, meanwhile: Callable[[], object] | None = None) -> None:
        whole = Capacity.of(settings)
        self.size = max(1, min(whole.threads, whole.memory_mb // LEAST_MEMORY_MB))
        self._meanwhile = meanwhile
        self._settings, self._capacity = settings, Capacity(1, whole.divided(self.size).memory_mb)
        self._threads = ThreadPoolExecutor(self.size, "slices")
        self._room = threading.BoundedSemaphore(self.size + MOST_WAITING)
        self._sessions = threading.local()
        self._opened: list[_Session] = []

    @property
    def memory_mb(self) -> int:
        """What each thread's session may use."""
        return self._capacity.memory_mb

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for opened in self._opened:
            opened.stack.close()

    def submit(
        self, task: Callable[Concatenate[DuckDBPyConnection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run a task with a session of its thread; waits for room."""
        self._room.acquire()
        future = self._threads.submit(self._run, lambda connection: task(connection, *args, **kwargs))
        future.add_done_callback(lambda _: self._room.release())
        if self._meanwhile:
            self._meanwhile()
        return future

    def _run(self, task: Callable[[DuckDBPyConnection], T]) -> T:
        import duckdb

        opened = self._session()
        try:
            return task(opened.connection)
        except duckdb.Error:  # a fatal one leaves a session unusable
            del self._sessions.opened
            self._opened.remove(opened)
            opened.stack.close()
            raise

    def _session(self) -> _Session:
        """The session of this thread."""
        if not hasattr(self._sessions, "opened"):
            stack = ExitStack()
            opened = _Session(stack.enter_context(session(self._settings, self._capacity)), stack)
            self._opened.append(opened)
            self._sessions.opened = opened
        found: _Session = self._sessions.opened
        return found


def results(futures: Sequence[Future[T]]) -> list[T]:
    """What the tasks came to, in order; where one fails, none of them goes on."""
    try:
        return [future.result() for future in futures]
    except BaseException:
        stop(futures)
        raise


def stop(futures: Iterable[Future[T]]) -> None:
    """Let none of the tasks begin, and wait for those that have begun."""
    for future in [future for future in futures if not future.cancel()]:
        future.exception()
