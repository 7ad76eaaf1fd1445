"""DuckDB sessions: bounded memory, a spill folder, UTC, no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.settings import Settings

if TYPE_CHECKING:
    import duckdb

MEBIBYTE = 1024 * 1024
FREE_SHARE = 0.6
MEBIBYTES_PER_THREAD = 2048


def thread_count(settings: Settings) -> int:
    """DuckDB threads: the setting, or one per core that this process may use."""
    if settings.threads:
        return settings.threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_limit_mb(settings: Settings) -> int:
    """DuckDB's memory limit in MiB: the setting, or 60 % of what is free and no more than 2 GiB per thread."""
    if settings.memory_limit_mb:
        return settings.memory_limit_mb
    import psutil

    free = int(psutil.virtual_memory().available * FREE_SHARE / MEBIBYTE)
    return max(256, min(free, MEBIBYTES_PER_THREAD * thread_count(settings)))


@dataclass(frozen=True)
class Capacity:
    """What sessions may use of the machine."""

    threads: int
    memory_mb: int

    @classmethod
    def of(cls, settings: Settings) -> Capacity:
        """All that the settings allow."""
        return cls(thread_count(settings), memory_limit_mb(settings))

    def divided(self, sessions: int) -> Capacity:
        """An equal part for each of several sessions that run at once."""
        return Capacity(max(1, self.threads // sessions), max(1, self.memory_mb // sessions))


@contextmanager
def session(settings: Settings, capacity: Capacity | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private in-memory DuckDB with the platform's settings and macros; it spills into a folder of its own.

    ``capacity`` is what it may use; by default all that the settings allow.
    """
    import duckdb

    with private_folder(settings.spill_dir) as spill:
        connection = duckdb.connect(config=_configuration(capacity or Capacity.of(settings), spill))
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(sql_text("macros"))
            yield connection
        finally:
            connection.interrupt()  # after Ctrl-C, closing alone would first run the query to its end
            connection.close()


@contextmanager
def one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let the connection compute in one thread for a while, for what comes out in another form from several."""
    (threads,) = connection.execute("SELECT current_setting('threads')").fetchone() or (1,)
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute(f"SET threads = {threads}")


def _configuration(capacity: Capacity, spill: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "threads": capacity.threads,
        "memory_limit": f"{capacity.memory_mb}MiB",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
