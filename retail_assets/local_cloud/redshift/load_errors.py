"""What failed COPYs leave behind, for good: the client's own transaction is undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retail_assets.local_cloud.redshift.parquet import LoadFailure

INSERT = """
    INSERT INTO stl_load_errors (
        userid, slice, tbl, starttime, session, query, filename, line_number, colname, type, col_length, position,
        raw_line, raw_field_value, err_code, err_reason, is_partial, start_offset
    ) VALUES (100, 0, 0, clock_timestamp() AT TIME ZONE 'UTC', %s, 0, %s, %s, %s, %s, %s, 0, '', '', %s, %s, 0, 0)
"""
LONGEST = {"url": 256, "name": 127, "type": 10, "reason": 100}


@dataclass(frozen=True)
class LoadErrors:
    """The table STL_LOAD_ERRORS; ``connection`` are psycopg2's parameters of somebody who may write it."""

    connection: Mapping[str, Any] = field(repr=False)

    def record(self, session: int, failure: LoadFailure) -> None:
        """Keep where a COPY of the session failed, and why."""
        import psycopg2

        column = failure.column
        values = (
            session,
            failure.url[: LONGEST["url"]],
            failure.line,
            column.name[: LONGEST["name"]] if column else "",
            column.type[: LONGEST["type"]] if column else "",
            str(column.width or "") if column else "",
            failure.code,
            str(failure)[: LONGEST["reason"]],
        )
        with psycopg2.connect(**self.connection) as connection, connection.cursor() as cursor:
            cursor.execute(INSERT, values)
        connection.close()
