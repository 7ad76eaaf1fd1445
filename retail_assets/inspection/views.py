"""Every dataset of a platform as a view by its name, in a DuckDB session of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.platform import Platform
from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.session import session
from retail_assets.inspection.landed import LandedRow, landed_files, rejected_events
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import read

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WAREHOUSE = "warehouse"
ROWS_PER_INSERT = 500
LANDED_FILES = {
    "name": "VARCHAR", "state": "VARCHAR", "rows": "BIGINT", "bytes": "BIGINT", "first_date": "DATE",
    "last_date": "DATE", "rejected": "BIGINT", "landed_at": "TIMESTAMPTZ", "detail": "VARCHAR",
}  # fmt: skip
"""Columns of the view of what landed."""


@contextmanager
def open_views(platform: Platform) -> Iterator[DuckDBPyConnection]:
    """A session in which each dataset is a view, empty where it was never built.

    Lake datasets stand under their names and are read through their manifests; warehouse tables stand in the schema
    ``warehouse`` and, where the lake has no dataset of that name, under their bare names too. ``rejected_events`` holds
    the rows of both stages, ``landed_files`` what the ledger knows.
    """
    with session(platform.settings) as connection:
        for item in _contracts(platform, "lake"):
            _create_lake_view(connection, platform, item)
        _create_warehouse(connection, platform)
        _create_landed_files(connection, landed_files(platform))
        yield connection


def _contracts(platform: Platform, store: str) -> list[Contract]:
    return [item for step in steps_of(platform.settings) if step.store == store for item in step.contracts()]


def _create_view(connection: DuckDBPyConnection, name: str, relation: str) -> None:
    connection.execute(f"CREATE VIEW {name} AS {relation}")


def _create_lake_view(connection: DuckDBPyConnection, platform: Platform, item: Contract) -> None:
    is_rejected = item.name == "rejected_events"
    dataset = rejected_events(platform) if is_rejected else platform.stores["lake"].dataset(item)
    dataset.open_to(connection)
    _create_view(connection, quote_identifier(item.name), dataset.relation())


def _create_warehouse(connection: DuckDBPyConnection, platform: Platform) -> None:
    """The schema ``warehouse``: a view for every table there is, and for every one that there shall be."""
    store = platform.stores["warehouse"]
    held = _fetch(connection, platform, store) if isinstance(store, RedshiftStore) else _attach(connection, platform)
    wanted = {item.name: item for item in _contracts(platform, WAREHOUSE)}
    in_lake = {item.name for item in _contracts(platform, "lake")}
    connection.execute(f"CREATE SCHEMA {WAREHOUSE}")
    for name in [*wanted, *(name for name in held if name not in wanted)]:
        table = f"SELECT * FROM warehouse_file.main.{quote_identifier(name)}"
        relation = table if name in held else Dataset(wanted[name], ()).relation()
        _create_view(connection, f"{WAREHOUSE}.{quote_identifier(name)}", relation)
        if name in wanted and name not in in_lake:
            _create_view(connection, quote_identifier(name), relation)


def _attach(connection: DuckDBPyConnection, platform: Platform) -> list[str]:
    """Attach the warehouse file, read-only; returns the names of its tables."""
    path = platform.settings.warehouse_file
    if not path.exists():
        return []
    connection.execute(f"ATTACH {quote_literal(str(path))} AS warehouse_file (READ_ONLY)")
    tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse_file'"
    return [name for (name,) in connection.execute(tables).fetchall() if not name.startswith("_")]


def _fetch(connection: DuckDBPyConnection, platform: Platform, store: RedshiftStore) -> list[str]:
    """Bring the tables of Redshift here, as far as they are small; returns their names."""
    most = store.settings.redshift.inline_rows
    connection.execute("ATTACH ':memory:' AS warehouse_file")
    held = []
    for item in _contracts(platform, WAREHOUSE):
        entries = store.published(item)
        rows = sum(entry.rows for entry in entries.values())
        target = f"warehouse_file.main.{quote_identifier(item.name)}"
        if rows > most:
            connection.execute(f"CREATE VIEW {target} AS {_refusal(item, rows)}")
        elif entries:
            connection.register("fetched", read(store, item))
            connection.execute(f"CREATE TABLE {target} AS FROM fetched")
            connection.unregister("fetched")
        if entries:
            held.append(item.name)
    return held


def _refusal(item: Contract, rows: int) -> str:
    """A relation with the columns of the table that no question gets an answer from: it was not brought here.

    The filter is for questions that name no column, such as ``count(*)``: DuckDB computes none that nobody asks for.
    The columns are for those that filter: of a constant it would know the outcome without looking.
    """
    said = f"error({quote_literal(f'warehouse.{item.name} has {rows:,} rows: ask Redshift itself')})"
    columns = ", ".join(f"CAST({said} AS {column.type}) AS {column.quoted}" for column in item.columns)
    return f"SELECT {columns} WHERE CAST({said} AS BOOLEAN)"


def _create_landed_files(connection: DuckDBPyConnection, files: Sequence[LandedRow]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in LANDED_FILES.items())
    connection.execute(f"CREATE TABLE landed_files ({columns})")
    row = f"({', '.join('?' for _ in LANDED_FILES)})"
    for start in range(0, len(files), ROWS_PER_INSERT):
        batch = files[start : start + ROWS_PER_INSERT]
        values: list[Any] = [value for file in batch for value in astuple(file)]
        connection.execute(f"INSERT INTO landed_files VALUES {', '.join([row] * len(batch))}", values)
