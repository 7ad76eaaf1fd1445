"""A warehouse in one DuckDB file: one writer at a time, on a private copy; readers see the old state or the new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Publication, Published
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.engine.session import memory_limit_mb, thread_count
from retail_assets.engine.staging import Output
from retail_assets.settings import Settings
from retail_assets.warehouse.copying import copy_file
from retail_assets.warehouse.loading import load

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class DuckDBFile:
    """The warehouse file at ``path``. Its table ``_loads`` says what every partition was loaded from."""

    path: Path
    settings: Settings

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "duckdb"

    def version(self) -> str:
        """Changes whenever the file is replaced."""
        return str(self.path.stat().st_mtime_ns) if self.path.exists() else ""

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        if not self.path.exists():
            return {}
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT partition, rows, bytes, digest, inputs, code FROM warehouse._loads "
                f"WHERE table_name = {quote_literal(contract.name)}"
            ).fetchall()
        names = [column.name for column in contract.partition_columns]
        entries = [
            Published(Partition.parse(key, names) if names else Partition(), contract.name, *rest)
            for key, *rest in rows
        ]
        return {entry.partition: entry for entry in entries}

    def dataset(self, contract: Contract) -> Dataset:
        """Not offered: nothing of the platform reads the warehouse but people and their tools."""
        raise NotImplementedError(f"read the table {contract.name} of {self.path} instead")

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """The published state as the schema ``warehouse`` of a fresh connection: never an old or half-written one."""
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"ATTACH {quote_literal(str(self.path))} AS warehouse (READ_ONLY)")
            yield connection

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder beside the file."""
        return private_folder(self.path.parent / ".warehouse-staging")

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to write the file, which one run has at a time."""
        return exclusive(self.path.parent / ".warehouse-staging" / "warehouse.lock", f"loading {contract.name}")

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Replace the partitions in a private copy of the file, in one transaction, and put the copy in its place."""
        known = self.published(output.contract)
        changed = [item for item in publications if not _is_same(known.get(item.staged.partition), item)]
        if not changed:
            return 0
        with self.staging() as folder:
            copy = folder / self.path.name
            if self.path.exists():
                copy_file(self.path, copy)
            with self._writing_to(copy) as connection:
                allow_reading(connection, (item.staged.location for item in changed), self.settings.s3)
                load(connection, output.contract, changed, replaced=known)
            copy.replace(self.path)
        return len(changed)

    @contextmanager
    def _writing_to(self, copy: Path) -> Iterator[DuckDBPyConnection]:
        """A transaction in a private copy of the file, within the memory and threads of the settings."""
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": thread_count(self.settings),
            "memory_limit": f"{memory_limit_mb(self.settings)}MiB",
            "temp_directory": str(copy.parent),
        }
        with duckdb.connect(str(copy), config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")


def _is_same(known: Published | None, publication: Publication) -> bool:
    made = (publication.facts.rows, publication.facts.digest, publication.inputs, publication.code)
    return known is not None and (known.rows, known.digest, known.inputs, known.code) == made
