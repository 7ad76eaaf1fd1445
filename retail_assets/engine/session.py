"""DuckDB sessions: bounded memory, a spill folder, UTC, no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.engine.private import private_folder
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


@contextmanager
def session(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private in-memory DuckDB with the platform's settings and macros; it spills into a folder of its own."""
    import duckdb

    with private_folder(settings.spill_dir) as spill:
        connection = duckdb.connect(config=_configuration(settings, spill))
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(_macros())
            yield connection
        finally:
            connection.interrupt()  # after Ctrl-C, closing alone would first run the query to its end
            connection.close()


def _configuration(settings: Settings, spill: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "threads": thread_count(settings),
        "memory_limit": f"{memory_limit_mb(settings)}MiB",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def _macros() -> str:
    return (files("retail_assets") / "sql" / "macros.sql").read_text(encoding="utf-8")
