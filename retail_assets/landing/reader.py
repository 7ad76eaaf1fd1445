"""The reader of whole texts: one pass into one part per date and one quarantine object.

Most texts are read in slices instead: see ``sliced_reader``. Parquet files are read in stretches: see
``parquet_reader``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.engine.full_disk import is_full_disk
from retail_assets.engine.session import one_thread
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.csv_source import careful_source, fast_source
from retail_assets.landing.gate import Inspected
from retail_assets.landing.landed_rows import LandedRows, set_terms
from retail_assets.landing.reading import Reading, Terms, reading_of
from retail_assets.landing.source import Source
from retail_assets.landing.storage import REJECTED_NAME
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read_text(
    connection: DuckDBPyConnection, file: Inspected, target: Path, settings: Settings, terms: Terms
) -> Reading:
    """Split a text into ``target/date=…/data.parquet`` and, where rows are rejected, ``target/rejected.parquet``.

    Raises:
        BlockedFile: the file cannot be read without guessing.
    """
    set_terms(connection, settings, terms)
    source, rows = _load(connection, file, target)
    reading = reading_of(rows.counts(), source.layout, settings)
    with one_thread(connection):  # several would begin row groups wherever they happened to be
        for day in reading.parts:
            rows.write_part(day, target / f"date={day}" / OBJECT_NAME)
    if reading.rejected:
        rows.write_rejected(target / REJECTED_NAME)
    rows.drop()
    return reading


def _load(connection: DuckDBPyConnection, file: Inspected, folder: Path) -> tuple[Source, LandedRows]:
    """The judged rows of the text: every row that it holds, or BlockedFile."""
    import duckdb

    fault = "it cannot be read"
    for source in _sources(file, folder):
        landed = LandedRows(connection, file.name, source.row_number)
        try:
            rows = landed.load(source.sql)
        except duckdb.Error as error:
            raise_unless_the_files_fault(error)
            fault = first_lines(error)
            continue
        if rows == source.rows:
            return source, landed
        fault = f"it holds {source.rows:,} records, of which {rows:,} could be read"
    raise BlockedFile("unreadable_csv", file.name, fault, "Mend the file and deliver it again.")


def _sources(file: Inspected, folder: Path) -> Iterator[Source]:
    """Ways to read the text, the fastest first: the next one is tried where one fails."""
    if fast := fast_source(file):
        yield fast
    yield careful_source(file, folder)


def raise_unless_the_files_fault(error: Exception) -> None:
    """A full disk or too little memory says nothing about the file: let the run fail rather than block it."""
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException) or is_full_disk(error):
        raise error


def first_lines(error: Exception) -> str:
    """What DuckDB says of an error, on one line."""
    return " ".join(str(error).split())[:400]
