"""What an extraction holds, as DuckDB reads it."""

from __future__ import annotations

from typing import Any

import duckdb

from retail_assets.contracts import contract
from retail_assets.sources.postgres.snapshot import Snapshot


def extracted(snapshot: Snapshot, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """The rows of an extracted table."""
    return duckdb.sql(f"SELECT {columns} FROM ({snapshot.dataset(contract(name)).relation()})").fetchall()
