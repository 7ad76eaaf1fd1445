"""Stage: run queries once for a batch of partitions and write one private Parquet file per partition."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.binding import Binder
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition, folder_of
from retail_assets.engine.query import Query
from retail_assets.engine.s3_location import is_s3
from retail_assets.engine.session import one_thread

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OBJECT_NAME = "data.parquet"
ROWS_PER_GROUP = 122_880
"""DuckDB's size of a row group."""
_PARQUET_OPTIONS = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 2000, WRITE_BLOOM_FILTER false"
)
"""Larger dictionaries cost more than they save, smaller ones are slower to read: a million clean events take 0.61 CPU s
to write and 0.19 to read like this, 0.89 and 0.20 with dictionaries of up to 20,000. A bloom filter would take 0.08,
for days that are seldom searched for one key."""


def parquet_options(contract: Contract) -> str:
    """The options of DuckDB's COPY for the objects of this dataset."""
    return f"{_PARQUET_OPTIONS}, PARQUET_VERSION v{contract.parquet_version}"


@dataclass(frozen=True)
class Output:
    """One dataset that a step makes: its contract, its query, and column values that all its partitions share."""

    contract: Contract
    query: Query
    fixed: tuple[tuple[str, str], ...] = ()

    def object_path(self, partition: Partition) -> str:
        """Where the partition's object lies below a root: ``features/key_type=brand/date=2019-10-01/data.parquet``."""
        known = {**dict(partition.values), **dict(self.fixed)}
        values = [(column.name, known[column.name]) for column in self.contract.partition_columns]
        return "/".join(part for part in (self.contract.name, folder_of(values), OBJECT_NAME) if part)


@dataclass(frozen=True)
class Staged:
    """A staged partition: the one object that holds it, and its size.

    The object is a private file or, where it is merely linked and lies on S3 already, a published one by its URL.
    """

    partition: Partition
    location: str
    bytes: int

    @property
    def path(self) -> Path:
        """The private file.

        Raises:
            ValueError: the object lies on S3; whoever publishes it elsewhere must read it from there.
        """
        if is_s3(self.location):
            raise ValueError(f"{self.location} is on S3, not in a private file")
        return Path(self.location)


def stage(
    connection: DuckDBPyConnection, outputs: Mapping[str, Output], partitions: list[Partition], folder: Path
) -> dict[str, list[Staged]]:
    """Write every output of the batch below ``folder``; returns the staged files by output."""
    binder = Binder(connection, partitions)
    return {name: _stage_output(binder, output, partitions, folder) for name, output in outputs.items()}


def _stage_output(binder: Binder, output: Output, partitions: list[Partition], folder: Path) -> list[Staged]:
    targets = {partition: folder / output.object_path(partition) for partition in partitions}
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    binder.bind(output.query)  # for the audits too, which read the inputs even where an object is only linked
    linked = {partition: _link(output, partition, target) for partition, target in targets.items()}
    if left := {partition: target for partition, target in targets.items() if not linked[partition]}:
        _write(binder, output, left)
    return [linked[partition] or _staged(partition, target) for partition, target in targets.items()]


def _staged(partition: Partition, file: Path) -> Staged:
    return Staged(partition, str(file), file.stat().st_size)


def _link(output: Output, partition: Partition, target: Path) -> Staged | None:
    """Link the one object that already is the result, where there is such a thing; what lies on S3 stays there."""
    source = output.query.inputs.get(output.query.same_as or "")
    if not isinstance(source, Dataset):
        return None
    found = source.needed_by([partition]).objects
    if len(found) != 1:
        return None
    if is_s3(found[0].location):
        return Staged(partition, found[0].location, found[0].bytes)
    link_or_copy(Path(found[0].location), target)
    return _staged(partition, target)


def link_or_copy(source: Path, target: Path) -> None:
    """Make the same object appear at another place, without copying its bytes where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write(binder: Binder, output: Output, targets: dict[Partition, Path]) -> None:
    connection = binder.connection
    columns = ", ".join(
        f"CAST({column.quoted} AS {column.type}) AS {column.quoted}" for column in output.contract.stored_columns
    )
    if output.query.row_by_row:
        with one_thread(connection):  # several would begin row groups wherever they happened to be
            for partition, target in targets.items():
                select = f"SELECT {columns} FROM ({output.query.sql}) WHERE {_is_in(partition)}"
                _copy(connection, output.contract, select, target)
        return
    if binder.partitions == list(targets) and len(targets) == 1:  # else the query yields the rows of others, too
        ((_, target),) = targets.items()
        _copy(connection, output.contract, f"SELECT {columns} FROM ({output.query.sql})", target)
        return
    table = quote_identifier(f"staging_{output.contract.name}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {output.query.sql}")
    with one_thread(connection):  # as above
        for partition, target in targets.items():
            chosen = f"FROM {table} WHERE {_is_in(partition)}"
            # Sorted, a row group ends after its last row, and not with the vector that this is in. It costs as much as
            # to write the rows, which lie there in order anyway, so what fits into one row group does without.
            (rows,) = connection.execute(f"SELECT count(*) {chosen}").fetchone() or (0,)
            order = " ORDER BY rowid" if rows > ROWS_PER_GROUP else ""
            _copy(connection, output.contract, f"SELECT {columns} {chosen}{order}", target)
    connection.execute(f"DROP TABLE {table}")


def _is_in(partition: Partition) -> str:
    return " AND ".join(f"{quote_identifier(name)} = {quote_literal(value)}" for name, value in partition.values)


def _copy(connection: DuckDBPyConnection, contract: Contract, select: str, target: Path) -> None:
    connection.execute(f"COPY ({select}) TO {quote_literal(str(target))} ({parquet_options(contract)})")
