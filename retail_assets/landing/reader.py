"""The reader: one pass over a file, into one part per date and one quarantine object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.query import first_reason
from retail_assets.engine.staging import OBJECT_NAME, PARQUET_OPTIONS
from retail_assets.landing.layout import (
    GZIP_MAGIC,
    PARQUET_MAGIC,
    BlockedFile,
    FileLayout,
    csv_header,
    match_columns,
    starts_with,
)
from retail_assets.landing.ledger import Book
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Reading:
    """What a file held: rows, rows by date, the books, and counts worth a warning."""

    rows: int
    parts: dict[str, int]
    books: tuple[Book, ...]
    notes: dict[str, int]


def read_file(
    connection: DuckDBPyConnection, path: Path, name: str, target: Path, settings: Settings, as_of: datetime
) -> Reading:
    """Split a file into ``target/date=…/data.parquet`` and, where rows are rejected, ``target/rejected.parquet``.

    Raises:
        BlockedFile: the file cannot be read without guessing.
    """
    import duckdb

    _set_variables(connection, settings, as_of)
    is_parquet = starts_with(path, PARQUET_MAGIC)
    try:
        layout = match_columns(name, _names(connection, path, name, is_parquet))
        source = _parquet_source(connection, path, layout) if is_parquet else _csv_source(path, layout)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE landed AS {_judged(source)}")
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException) as error:
        code = "corrupt_parquet" if is_parquet else "unreadable_csv"
        raise BlockedFile(code, name, _first_lines(error), "Mend the file and deliver it again.") from error
    reading = _reading(connection, layout)
    _write_parts(connection, name, target, reading)
    connection.execute("DROP TABLE landed")
    return reading


def _set_variables(connection: DuckDBPyConnection, settings: Settings, as_of: datetime) -> None:
    moment = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    values = {
        "source_timezone": settings.source_timezone,
        "event_time_format": settings.event_time_format,
        "start_at": datetime.combine(settings.start_date, datetime.min.time()),
        "future_at": moment + timedelta(minutes=settings.future_tolerance_minutes),
    }
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def _names(connection: DuckDBPyConnection, path: Path, name: str, is_parquet: bool) -> list[str]:
    if not is_parquet:
        if path.suffix == ".parquet":
            raise BlockedFile("corrupt_parquet", name, "it is no Parquet file", "Deliver it again.")
        return csv_header(path, name)
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(path)])
    return [row[0] for row in described.fetchall()]


def _csv_source(path: Path, layout: FileLayout) -> str:
    columns = ", ".join(f"{quote_literal(column)}: 'VARCHAR'" for column in layout.columns)
    compression = "gzip" if starts_with(path, GZIP_MAGIC) else "none"
    options = (
        f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"compression = '{compression}', max_line_size = {MAX_LINE_BYTES}, columns = {{{columns}}}"
    )
    return f"SELECT {layout.select_list()} FROM read_csv({quote_literal(str(path))}, {options})"


def _parquet_source(connection: DuckDBPyConnection, path: Path, layout: FileLayout) -> str:
    source = f"read_parquet({quote_literal(str(path))}, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    texts = ", ".join(f"{_as_text(column, kind)} AS {quote_identifier(column)}" for column, kind, *_ in described)
    return f"SELECT {layout.select_list()} FROM (SELECT {texts} FROM {source})"


def _as_text(column: str, kind: str) -> str:
    """A typed column as the text that a CSV export would hold; whole numbers kept as DOUBLE lose their '.0'."""
    name = quote_identifier(column)
    if kind not in ("DOUBLE", "FLOAT"):
        return f"{name}::VARCHAR"
    is_whole = f"abs({name}) < 9007199254740992 AND {name} = trunc({name})"
    return f"CASE WHEN {is_whole} THEN {name}::BIGINT::VARCHAR ELSE {name}::VARCHAR END"


def _judged(source: str) -> str:
    """Received rows with the moment of the event, the first reject reason and, without one, the date."""
    return f"""
        WITH received AS ({source}),
        timed AS (SELECT *, event_moment(event_time) AS event_at FROM received),
        judged AS (SELECT *, {first_reason(contract("raw_events"))} AS reason FROM timed)
        SELECT *, CASE WHEN reason IS NULL THEN event_at::DATE END AS date FROM judged
    """


def _reading(connection: DuckDBPyConnection, layout: FileLayout) -> Reading:
    counted = connection.execute(
        "SELECT event_at::DATE::VARCHAR, reason, count(*), count(*) FILTER (is_naive_moment(event_time)) "
        "FROM landed GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    rows = sum(count for _, _, count, _ in counted)
    books: dict[tuple[str | None, str], int] = {}
    for day, reason, count, _ in counted:
        for outcome in ("received", reason or "clean"):
            books[day, outcome] = books.get((day, outcome), 0) + count
    naive = sum(count for *_, count in counted)
    notes = {
        "schema_added": len(layout.added),
        "schema_missing": len(layout.missing),
        "mixed_time_zones": naive if 0 < naive < rows else 0,
    }
    return Reading(
        rows=rows,
        parts={day: count for day, reason, count, _ in counted if reason is None},
        books=tuple(Book(day, reason, count) for (day, reason), count in books.items()),
        notes={name: count for name, count in notes.items() if count},
    )


def _write_parts(connection: DuckDBPyConnection, name: str, target: Path, reading: Reading) -> None:
    stored = [column.name for column in contract("raw_events").received_columns]
    columns = ", ".join(map(quote_identifier, [*stored, "extra_columns"]))
    origin = f"{quote_literal(name)} AS source_file, (rowid + 1)::BIGINT AS source_row"
    for day in reading.parts:
        path = target / f"date={day}" / OBJECT_NAME
        path.parent.mkdir(parents=True)
        _copy(connection, f"SELECT {columns}, {origin} FROM landed WHERE date = DATE {quote_literal(day)}", path)
    if reading.rows > sum(reading.parts.values()):
        received = ", ".join(f"{quote_literal(column)}, {quote_identifier(column)}" for column in stored)
        select = (
            f"SELECT reason, event_at::DATE AS event_date, {origin}, json_object({received})::VARCHAR AS received "
            "FROM landed WHERE reason IS NOT NULL"
        )
        _copy(connection, select, target / "rejected.parquet")


def _copy(connection: DuckDBPyConnection, select: str, target: Path) -> None:
    connection.execute(f"COPY ({select}) TO {quote_literal(str(target))} ({PARQUET_OPTIONS})")


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:400]

