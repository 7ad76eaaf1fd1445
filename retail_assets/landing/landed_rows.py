"""Received rows judged, in a table of a session: counted, and written by date or into the quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.query import first_reason
from retail_assets.engine.staging import PARQUET_OPTIONS
from retail_assets.landing.lateness import open_from
from retail_assets.landing.reading import Count, Terms
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


KEPT_TIME = """
    CASE
        WHEN getvariable('times') = 'as_received' THEN event_time
        WHEN getvariable('times') = 'utc_if_naive' AND NOT is_naive_moment(event_time) THEN event_time
        ELSE strftime(event_at, '%Y-%m-%d %H:%M:%S.%f UTC')
    END"""


def set_terms(connection: DuckDBPyConnection, settings: Settings, terms: Terms) -> None:
    """Set the variables that the contract's reject reasons read."""
    values = {
        "source_timezone": quote_literal(settings.source_timezone),
        "event_time_format": quote_literal(settings.event_time_format),
        "start_at": _timestamp(settings.start_date),
        "future_at": _timestamp(future_from(settings, terms)),
        "open_at": _timestamp(open_from(terms.closed)),
        "times": quote_literal(terms.times),
        "closed_dates": f"[{', '.join(map(quote_literal, sorted(terms.closed)))}]::VARCHAR[]",
    }
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = {value}")


def future_from(settings: Settings, terms: Terms) -> date:
    """The moment (UTC, without a zone) from which on events lie in the future."""
    moment = terms.as_of.astimezone(UTC).replace(tzinfo=None) if terms.as_of.tzinfo else terms.as_of
    return moment + timedelta(minutes=settings.future_tolerance_minutes)


@dataclass(frozen=True)
class LandedRows:
    """The rows of a file, or of a piece of it, as the temporary table ``landed``."""

    connection: DuckDBPyConnection
    source_file: str
    row_number: str
    """Expression over the table that tells the line or row number in the file."""

    def load(self, source: str) -> int:
        """Judge the rows of a source (see ``Source.sql``); returns how many there are.

        Each gets its moment, the first reject reason and, without one, its date.

        Raises:
            duckdb.Error: they cannot be read.
        """
        self.connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE landed AS
            WITH received AS ({source}),
            timed AS (SELECT *, event_moment(event_time) AS event_at FROM received),
            judged AS (SELECT *, {first_reason(contract("raw_events"))} AS reason FROM timed)
            SELECT * EXCLUDE (damage), CASE WHEN reason IS NULL THEN event_at::DATE END AS date FROM judged
        """)
        (rows,) = self.connection.execute("SELECT count(*) FROM landed").fetchone() or (0,)
        return int(rows)

    def counts(self) -> list[Count]:
        """The rows by day and reason."""
        counted = self.connection.execute(
            "SELECT CASE WHEN year(event_at) BETWEEN 1 AND 9999 THEN event_at::DATE::VARCHAR END AS day, "
            "reason, count(*), count(*) FILTER (was_cleaned), "
            "count(*) FILTER (event_at IS NOT NULL AND is_naive_moment(event_time)), count(event_at) "
            "FROM landed GROUP BY ALL"
        ).fetchall()
        return [Count(*row) for row in counted]

    def numbers_outside(self, day: str) -> list[int]:
        """The numbers of the rows that are no events of that day."""
        found = self.connection.execute(
            f"SELECT {self.row_number} FROM landed WHERE date IS DISTINCT FROM DATE {quote_literal(day)}"
        )
        return [number for (number,) in found.fetchall()]

    def write_part(self, day: str, target: Path) -> None:
        """Write the events of a day."""
        chosen = f"FROM landed WHERE date = DATE {quote_literal(day)}"
        copy(self.connection, f"SELECT {stored_columns(KEPT_TIME)}, {self.origin} {chosen}", target)

    def write_rejected(self, target: Path) -> None:
        """Write the rejected rows with their reasons."""
        received = ", ".join(f"{quote_literal(column)}, {quote_identifier(column)}" for column in _received())
        select = (
            f"SELECT reason, event_at::DATE AS event_date, {self.origin}, "
            f"CASE WHEN line IS NULL THEN json_object({received}) ELSE json_object('line', line) END::VARCHAR "
            "AS received FROM landed WHERE reason IS NOT NULL ORDER BY source_row"
        )
        copy(self.connection, select, target)

    def drop(self) -> None:
        """Free the memory."""
        self.connection.execute("DROP TABLE IF EXISTS landed")

    @property
    def origin(self) -> str:
        """Select list of where a row comes from."""
        return f"{quote_literal(self.source_file)} AS source_file, ({self.row_number})::BIGINT AS source_row"


def stored_columns(event_time: str = "event_time") -> str:
    """Select list of what a part holds besides the origin of its rows, with this expression as the time."""
    others = map(quote_identifier, [*_received(), "extra_columns"])
    return ", ".join(
        f"{event_time} AS event_time" if name == quote_identifier("event_time") else name for name in others
    )


def copy(connection: DuckDBPyConnection, select: str, target: Path) -> int:
    """Write the rows of a SELECT into a Parquet file; returns how many."""
    target.parent.mkdir(parents=True, exist_ok=True)
    (rows,) = connection.execute(f"COPY ({select}) TO {quote_literal(str(target))} ({PARQUET_OPTIONS})").fetchone() or (
        0,
    )
    return int(rows)


def _received() -> list[str]:
    return [column.name for column in contract("raw_events").received_columns]


def _timestamp(moment: date | None) -> str:
    return f"{quote_literal(moment)}::TIMESTAMP"
