"""The datasets of a source as queries over what was read of it: its rows, and those that its contract refuses."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from retail_assets.engine.query import Query, query, sql_text
from retail_assets.sources.declared.source import DATE, DeclaredSource
from retail_assets.sources.declared.state import SourceState
from retail_assets.sources.files.judging import PLACE, part_contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS = "sources/rows"
REJECTED_ROWS = "sources/rejected"
ASKED = f"{DATE} IN (SELECT {DATE} FROM requested_partitions)"


def rows_query(source: DeclaredSource, state: SourceState) -> Query:
    """The dataset: each row once, by its key; of a dated one, a day depends on its own rows alone."""
    received = state.received(part_contract(source.contract))
    if source.is_dated:
        received = received.cut_by(state.days)
    return Query(ROWS, _sql(source, ASKED if source.is_dated else "true"), {"received": received})


def rejected_query(source: DeclaredSource, state: SourceState) -> Query:
    """The rejected rows of all files."""
    return query(REJECTED_ROWS, refused=state.rejected(source.rejected))


def count_rows(
    connection: DuckDBPyConnection, source: DeclaredSource, state: SourceState
) -> dict[str, tuple[int, str]]:
    """Rows of the dataset and a digest of them that knows no order: by date or, without dates, under no name."""
    received = state.received(part_contract(source.contract))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW received AS {received.relation()}")
    columns = ", ".join(column.quoted for column in source.contract.columns)
    day = f"{DATE}::VARCHAR" if source.is_dated else "''"
    rows = _sql(source, "true", is_sorted=False)
    counted = connection.execute(
        f"SELECT {day}, count(*), sum(hash({columns}))::VARCHAR FROM ({rows}) GROUP BY ALL"
    ).fetchall()
    return {at: (count, f"{count}-{digest}") for at, count, digest in counted}


def _sql(source: DeclaredSource, asked: str, *, is_sorted: bool = True) -> str:
    contract = source.contract
    key = [column.quoted for column in contract.key_columns]
    place = [column.quoted for column in PLACE]
    last_first = ", ".join(f"{name} DESC" for name in place)
    one_each = f"QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY {last_first}) = 1"
    return Template(sql_text(ROWS)).substitute(
        latest=one_each if key else "",
        columns=", ".join(column.quoted for column in contract.columns),
        asked=asked,
        ordered=f"ORDER BY {', '.join([*([DATE] if source.is_dated else []), *(key or place)])}" if is_sorted else "",
    )
