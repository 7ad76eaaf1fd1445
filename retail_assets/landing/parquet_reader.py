"""The reader of Parquet files: stretches of row groups, several at once, within the memory of the platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.engine.session import MEBIBYTE
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.gate import Inspected
from retail_assets.landing.landed_rows import LandedRows, set_terms
from retail_assets.landing.parquet_source import ParquetSource, parquet_source
from retail_assets.landing.pieces import Pieces, assemble, write_pieces
from retail_assets.landing.reader import first_lines, raise_unless_the_files_fault
from retail_assets.landing.reading import Reading, Terms, reading_of
from retail_assets.landing.slice_pool import SlicePool, results
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BYTES_PER_ROW = 1_000
"""Memory that a received row takes while it is judged and written, generously."""


def read_parquet(
    pool: SlicePool, file: Inspected, folder: Path, settings: Settings, terms: Terms, tell: Callable[[int], None]
) -> Reading:
    """Split a Parquet file into ``folder/date=…/data.parquet`` and, for rejected rows, ``folder/rejected.parquet``.

    ``tell`` gets the rows of every stretch that is read, from the thread that read it.

    Raises:
        BlockedFile: the file is damaged, or its columns do not fit the contract.
        duckdb.Error: the machine is short of memory or disk.
    """
    source = pool.submit(_opened, file).result()

    def read(connection: DuckDBPyConnection, number: int, rows: range) -> Pieces:
        set_terms(connection, settings, terms)
        pieces = _read(connection, file, source, rows, number, folder)
        tell(len(rows))
        return pieces

    stretches = source.stretches(pool.memory_mb * MEBIBYTE // BYTES_PER_ROW)
    found = results([pool.submit(read, number, rows) for number, rows in enumerate(stretches)])
    assemble(pool, folder, found)
    return reading_of((count for pieces in found for count in pieces.counts), source.layout, settings)


def _opened(connection: DuckDBPyConnection, file: Inspected) -> ParquetSource:
    import duckdb

    try:
        return parquet_source(connection, file)
    except duckdb.Error as error:
        raise _damaged(file, error) from error


def _read(
    connection: DuckDBPyConnection, file: Inspected, source: ParquetSource, rows: range, number: int, folder: Path
) -> Pieces:
    import duckdb

    landed = LandedRows(connection, file.name, f"rowid + {rows.start + 1}")
    try:
        loaded = landed.load(source.sql(rows))
    except duckdb.Error as error:
        raise _damaged(file, error) from error
    if loaded != len(rows):
        cause = f"it holds {len(rows):,} records from row {rows.start + 1:,} on, of which {loaded:,} could be read"
        raise BlockedFile("corrupt_parquet", file.name, cause, "Mend the file and deliver it again.")
    return write_pieces(landed, folder, number)


def _damaged(file: Inspected, error: Exception) -> BlockedFile:
    raise_unless_the_files_fault(error)
    mend = "Nothing of it was read. Deliver it again."
    return BlockedFile("corrupt_parquet", file.name, first_lines(error), mend)
