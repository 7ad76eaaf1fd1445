"""The definitions, loaded in a thread of their own while files are read."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Self

from retail_assets.inspection.instance import open_definitions

if TYPE_CHECKING:
    import dagster as dg

    from retail_assets.settings import Settings


class Loading:
    """Loads the definitions once somebody begins it, and with them all of Dagster that a backfill imports.

    These are two seconds of Python. Begun while files go through the gate, which is Python too, both would take as
    long as one after the other; begun once DuckDB reads their rows, they cost nothing where there are two cores.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, "definitions")
        self._lock = Lock()
        self._future: Future[dg.Definitions] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def begin(self) -> Future[dg.Definitions]:
        """Load them, unless somebody has begun already; in any thread, without waiting for it."""
        with self._lock:
            self._future = self._future or self._thread.submit(_loaded, self._settings)
            return self._future

    def result(self) -> dg.Definitions:
        """The definitions, loaded by then."""
        return self.begin().result()


def _loaded(settings: Settings) -> dg.Definitions:
    import retail_assets.automation.backfill
    import retail_assets.automation.event_log  # noqa: F401

    return open_definitions(settings)
