"""The reader: one pass over a file, into one part per date and one quarantine object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.full_disk import is_full_disk
from retail_assets.engine.query import first_reason
from retail_assets.engine.staging import OBJECT_NAME, PARQUET_OPTIONS
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.csv_source import careful_source, fast_source
from retail_assets.landing.gate import Inspected
from retail_assets.landing.lateness import open_from
from retail_assets.landing.ledger import Book
from retail_assets.landing.parquet_source import parquet_source
from retail_assets.landing.source import Source
from retail_assets.landing.storage import REJECTED_NAME
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Reading:
    """What a file held: rows by date, rejected rows by date and reason, and oddities worth a warning, by code."""

    parts: dict[str, int]
    rejected: tuple[Book, ...]
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What a file is judged by that is not in the file: when it landed, and which dates were closed by then."""

    as_of: datetime
    closed: frozenset[str] = frozenset()


def read_file(
    connection: DuckDBPyConnection, file: Inspected, target: Path, settings: Settings, terms: Terms
) -> Reading:
    """Split a file into ``target/date=…/data.parquet`` and, where rows are rejected, ``target/rejected.parquet``.

    Raises:
        BlockedFile: the file cannot be read without guessing.
    """
    _set_variables(connection, settings, terms)
    source = _load(connection, file, target)
    reading = _reading(connection, source, settings)
    _write_parts(connection, file.name, target, source, reading)
    connection.execute("DROP TABLE landed")
    return reading


def _set_variables(connection: DuckDBPyConnection, settings: Settings, terms: Terms) -> None:
    moment = terms.as_of.astimezone(UTC).replace(tzinfo=None) if terms.as_of.tzinfo else terms.as_of
    values = {
        "source_timezone": quote_literal(settings.source_timezone),
        "event_time_format": quote_literal(settings.event_time_format),
        "start_at": _timestamp(settings.start_date),
        "future_at": _timestamp(moment + timedelta(minutes=settings.future_tolerance_minutes)),
        "open_at": _timestamp(open_from(terms.closed)),
        "closed_dates": f"[{', '.join(map(quote_literal, sorted(terms.closed)))}]::VARCHAR[]",
    }
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = {value}")


def _timestamp(moment: date | None) -> str:
    return f"{quote_literal(moment)}::TIMESTAMP"


def _load(connection: DuckDBPyConnection, file: Inspected, folder: Path) -> Source:
    """The judged rows of the file as the table ``landed``: every row that the file holds, or BlockedFile."""
    import duckdb

    fault = "it cannot be read"
    for source in _sources(connection, file, folder):
        try:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE landed AS {_judged(source.sql)}")
        except duckdb.Error as error:
            _raise_unless_the_files_fault(error)
            fault = _first_lines(error)
            continue
        (rows,) = connection.execute("SELECT count(*) FROM landed").fetchone() or (0,)
        if rows == source.rows:
            return source
        fault = f"it holds {source.rows:,} records, of which {rows:,} could be read"
    code = "unreadable_csv" if file.census else "corrupt_parquet"
    raise BlockedFile(code, file.name, fault, "Mend the file and deliver it again.")


def _sources(connection: DuckDBPyConnection, file: Inspected, folder: Path) -> Iterator[Source]:
    """Ways to read the file, the fastest first: the next one is tried where one fails."""
    import duckdb

    if file.census is None:
        try:
            yield parquet_source(connection, file)
        except duckdb.Error as error:
            _raise_unless_the_files_fault(error)
            mend = "Nothing of it was read. Deliver it again."
            raise BlockedFile("corrupt_parquet", file.name, _first_lines(error), mend) from error
        return
    if fast := fast_source(file):
        yield fast
    yield careful_source(file, folder)


def _judged(source: str) -> str:
    """Received rows with the moment of the event, the first reject reason and, without one, the date."""
    return f"""
        WITH received AS ({source}),
        timed AS (SELECT *, event_moment(event_time) AS event_at FROM received),
        judged AS (SELECT *, {first_reason(contract("raw_events"))} AS reason FROM timed)
        SELECT * EXCLUDE (damage), CASE WHEN reason IS NULL THEN event_at::DATE END AS date FROM judged
    """


def _reading(connection: DuckDBPyConnection, source: Source, settings: Settings) -> Reading:
    counted = connection.execute(
        "SELECT CASE WHEN year(event_at) BETWEEN 1 AND 9999 THEN event_at::DATE::VARCHAR END AS day, "
        "reason, count(*), count(*) FILTER (was_cleaned), "
        "count(*) FILTER (event_at IS NOT NULL AND is_naive_moment(event_time)), count(event_at) "
        "FROM landed GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    cleaned, naive, timed = (sum(row[at] for row in counted) for at in (3, 4, 5))
    return Reading(
        parts={day: rows for day, reason, rows, *_ in counted if reason is None},
        rejected=tuple(Book(day, reason, rows) for day, reason, rows, *_ in counted if reason),
        notes=_notes(source, settings, cleaned, naive, timed),
    )


def _notes(source: Source, settings: Settings, cleaned: int, naive: int, timed: int) -> dict[str, str]:
    notes: dict[str, str] = {}
    if added := source.layout.added:
        notes["schema_added"] = f"{len(added)} unknown columns, kept as extra_columns: {', '.join(added)}"
    if missing := source.layout.missing:
        notes["schema_missing"] = f"{len(missing)} optional columns are missing, so NULL: {', '.join(missing)}"
    if settings.event_time_format == "iso" and 0 < naive < timed:
        zone = settings.source_timezone
        notes["mixed_time_zones"] = f"{naive:,} of {timed:,} times carry no zone, so {zone} was taken"
    if cleaned:
        notes["control_characters"] = f"taken out of {cleaned:,} rows"
    return notes


def _write_parts(connection: DuckDBPyConnection, name: str, target: Path, source: Source, reading: Reading) -> None:
    stored = [column.name for column in contract("raw_events").received_columns]
    columns = ", ".join(map(quote_identifier, [*stored, "extra_columns"]))
    origin = f"{quote_literal(name)} AS source_file, {source.row_number}::BIGINT AS source_row"
    for day in reading.parts:
        path = target / f"date={day}" / OBJECT_NAME
        path.parent.mkdir(parents=True)
        _copy(connection, f"SELECT {columns}, {origin} FROM landed WHERE date = DATE {quote_literal(day)}", path)
    if reading.rejected:
        received = ", ".join(f"{quote_literal(column)}, {quote_identifier(column)}" for column in stored)
        select = (
            f"SELECT reason, event_at::DATE AS event_date, {origin}, "
            f"CASE WHEN line IS NULL THEN json_object({received}) ELSE json_object('line', line) END::VARCHAR "
            "AS received FROM landed WHERE reason IS NOT NULL ORDER BY source_row"
        )
        _copy(connection, select, target / REJECTED_NAME)


def _copy(connection: DuckDBPyConnection, select: str, target: Path) -> None:
    connection.execute(f"COPY ({select}) TO {quote_literal(str(target))} ({PARQUET_OPTIONS})")


def _raise_unless_the_files_fault(error: Exception) -> None:
    """A full disk or too little memory says nothing about the file: let the run fail rather than block it."""
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException) or is_full_disk(error):
        raise error


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
