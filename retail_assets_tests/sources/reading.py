"""What an extraction holds, as DuckDB reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from retail_assets.contracts import contract
from retail_assets.sources.postgres.snapshot import Snapshot


def extracted(snapshot: Snapshot, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """The rows of an extracted table."""
    return duckdb.sql(f"SELECT {columns} FROM ({snapshot.dataset(contract(name)).relation()})").fetchall()


def objects(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Where every table lies, and when it was written."""
    return {name: (table.file, _file(snapshot, name).stat().st_mtime_ns) for name, table in snapshot.tables.items()}


def _file(snapshot: Snapshot, name: str) -> Path:
    return Path(snapshot.dataset(contract(name)).objects[0].location)
