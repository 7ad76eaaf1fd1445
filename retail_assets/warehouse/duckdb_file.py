"""A warehouse in one DuckDB file: one writer at a time, on a private copy; readers see the old state or the new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.identity import identity
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Publication, Published, changed
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.engine.session import memory_limit_mb, thread_count
from retail_assets.engine.staging import Output
from retail_assets.settings import Settings
from retail_assets.warehouse.copying import copy_file
from retail_assets.warehouse.loading import load
from retail_assets.warehouse.partition_keys import loaded_partitions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_FOR_THREADS = 1_000_000
"""Rows of a load that several threads are worth it for. A new day of 134,000 beside 14.6 million takes 0.25 CPU seconds
in one thread, 1.1 in two: those cut the table smaller, and the checkpoint puts the pieces together again."""


@dataclass(frozen=True)
class DuckDBFile:
    """The warehouse file at ``path``. Its table ``_loads`` says what every partition was loaded from."""

    path: Path
    settings: Settings

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "duckdb"

    @property
    def _lock(self) -> Path:
        """Held by whoever writes."""
        return self.path.parent / ".warehouse-staging" / "warehouse.lock"

    def version(self) -> str:
        """Changes whenever the file is replaced."""
        return str(self.path.stat().st_mtime_ns) if self.path.exists() else ""

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        try:
            loads = _loads(self.path, tuple(identity(self.path)))
        except FileNotFoundError:
            return {}
        return loaded_partitions(contract, (rest for table, *rest in loads if table == contract.name))

    def dataset(self, contract: Contract) -> Dataset:
        """Not offered: nothing of the platform reads the warehouse but people and their tools."""
        raise NotImplementedError(f"read the table {contract.name} of {self.path} instead")

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """The published state as the schema ``warehouse`` of a fresh connection: never an old or half-written one."""
        with _attached(self.path) as connection:
            yield connection

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder beside the file."""
        return private_folder(self.path.parent / ".warehouse-staging")

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to write the file, which one run has at a time."""
        return exclusive(self._lock, f"loading {contract.name}")

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Replace the partitions in a private copy of the file, in one transaction, and put the copy in its place."""
        known = self.published(output.contract)
        wanted = changed(known, publications)
        if not wanted:
            return 0
        with self.staging() as folder:
            copy = folder / self.path.name
            if self.path.exists():
                copy_file(self.path, copy)
            with self._writing_to(copy, sum(item.facts.rows for item in wanted)) as connection:
                allow_reading(connection, (item.staged.location for item in wanted), self.settings.s3)
                load(connection, output.contract, wanted, replaced=known)
            copy.replace(self.path)
        return len(wanted)

    def rewrite(self) -> None:
        """Write the file anew, where there is one: its free space holds no replaced or removed rows then."""
        import duckdb

        if not self.path.exists():
            return
        with exclusive(self._lock, "writing the warehouse anew"), self.staging() as folder:
            copy = folder / self.path.name
            with duckdb.connect(config=self._config(folder)) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute(f"ATTACH {quote_literal(str(self.path))} AS warehouse (READ_ONLY)")
                connection.execute(f"ATTACH {quote_literal(str(copy))} AS copy")
                connection.execute("COPY FROM DATABASE warehouse TO copy")
                connection.execute("CHECKPOINT copy")
                _require_same_rows(connection)
                connection.execute("DETACH copy")
            copy.replace(self.path)

    @contextmanager
    def _writing_to(self, copy: Path, rows: int) -> Iterator[DuckDBPyConnection]:
        """A transaction for so many rows in a private copy of the file, within what the settings allow."""
        import duckdb

        config = self._config(copy.parent)
        if rows < ROWS_FOR_THREADS:
            config["threads"] = 1
        with duckdb.connect(str(copy), config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")

    def _config(self, folder: Path) -> dict[str, str | bool | int | float | list[str]]:
        """What the settings allow; what does not fit into memory goes into the folder."""
        return {
            "threads": thread_count(self.settings),
            "memory_limit": f"{memory_limit_mb(self.settings)}MiB",
            "temp_directory": str(folder),
        }


@contextmanager
def _attached(path: Path) -> Iterator[DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {quote_literal(str(path))} AS warehouse (READ_ONLY)")
        yield connection


def _require_same_rows(connection: DuckDBPyConnection) -> None:
    """Make sure that a copy has as many rows of every table, that of loads included."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse'").fetchall()
    for (table,) in tables:
        counted = [f"(SELECT count(*) FROM {place}.{quote_identifier(table)})" for place in ("warehouse", "copy")]
        ((held, copied),) = connection.execute(f"SELECT {', '.join(counted)}").fetchall()
        if held != copied:
            raise RuntimeError(f"{table} has {held:,} rows, but {copied:,} in the new file. Nothing was replaced.")


@lru_cache(maxsize=4)
def _loads(path: Path, _: tuple[int, ...]) -> Sequence[tuple[Any, ...]]:
    """What the file of this identity says of its loads: a backfill asks some fifteen times for what seldom changes."""
    with _attached(path) as connection:
        return connection.execute(
            "SELECT table_name, partition, rows, bytes, digest, inputs, code FROM warehouse._loads"
        ).fetchall()
