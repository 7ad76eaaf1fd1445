"""The audits of features, on small tables: a close look only where a cheap one tells of something, and none missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from retail_assets.engine.query import sql_text
from retail_assets.engine.session import session
from retail_assets.settings import Settings

COLUMNS = "date, key_type, key_value, purchases_t, views_t, carts_t, price_mean_t, revenue_t"
ROWS = """
    (DATE '2019-10-01', 'brand', 'apple', 1, 2, 0, 9.5, 9.5),
    (DATE '2019-10-01', 'brand', 'nokia', 0, 1, 0, 5.0, 0.0),
    (DATE '2019-10-02', 'brand', 'apple', 0, 4, 1, 9.0, 0.0)
"""


@pytest.fixture
def connection(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Aggregates of two dates, and features that repeat them, with a quiet row."""
    with session(settings) as connection:
        connection.execute(f"CREATE TABLE daily_aggregates AS SELECT * FROM (VALUES {ROWS}) AS t({COLUMNS})")
        connection.execute("CREATE TABLE staged_features AS FROM daily_aggregates")
        quiet = "(DATE '2019-10-02', 'brand', 'nokia', 0, 0, 0, NULL, 0)"
        connection.execute(f"INSERT INTO staged_features VALUES {quiet}")
        connection.execute("CREATE TABLE requested_partitions AS SELECT DISTINCT date, key_type FROM daily_aggregates")
        yield connection


def _found(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"SELECT * REPLACE (date::VARCHAR AS date) FROM ({sql_text(f'checks/{name}')})"
    ).fetchall()


def test_features_that_repeat_the_aggregates_pass(connection: duckdb.DuckDBPyConnection) -> None:
    assert _found(connection, "features_match_aggregates") == []


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("DELETE FROM staged_features WHERE key_value = 'nokia'", "1 keys missing, 0 different, 0"),
        ("DELETE FROM staged_features WHERE date = '2019-10-01'", "2 keys missing, 0 different, 0"),
        ("UPDATE staged_features SET views_t = 3 WHERE views_t = 1", "0 keys missing, 1 different, 0"),
        (
            "UPDATE staged_features SET views_t = 3 - views_t WHERE date = '2019-10-01'",
            "0 keys missing, 2 different, 0",
        ),
        ("UPDATE staged_features SET revenue_t = 9.4 WHERE revenue_t = 9.5", "0 keys missing, 1 different, 0"),
        (
            "UPDATE staged_features SET key_value = 'sony' WHERE views_t = 1",
            "1 keys missing, 0 different, 1 not in the aggregates",
        ),
    ],
)
def test_every_difference_is_counted_in_its_partition(
    connection: duckdb.DuckDBPyConnection, change: str, detail: str
) -> None:
    connection.execute(change)

    ((date, key_type, passed, told),) = _found(connection, "features_match_aggregates")

    assert (date, key_type, passed) == ("2019-10-01", "brand", False)
    assert told.startswith(detail)


def test_a_quiet_row_with_an_event_is_invented(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE staged_features SET carts_t = 1 WHERE price_mean_t IS NULL")

    ((date, *_, told),) = _found(connection, "features_match_aggregates")

    assert (date, told) == ("2019-10-02", "0 keys missing, 0 different, 1 not in the aggregates")


@pytest.mark.parametrize(("price", "is_far"), [(100.0, False), (100.1, True), (1.0, False), (0.99, True)])
def test_a_price_ten_times_off_its_history_is_far(
    connection: duckdb.DuckDBPyConnection, price: float, is_far: bool
) -> None:
    days = ", ".join(f"(DATE '2019-10-0{day}', 'product_id', '{key}', 10.0)" for day in (1, 2, 3) for key in "ab")
    today = f"(DATE '2019-10-04', 'product_id', 'a', {price}), (DATE '2019-10-04', 'product_id', 'b', 10.0)"
    connection.execute(
        "CREATE OR REPLACE TABLE daily_aggregates AS SELECT * "
        f"FROM (VALUES {days}, {today}) AS t(date, key_type, key_value, price_mean_t)"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE requested_partitions AS SELECT DISTINCT date, key_type FROM daily_aggregates"
    )

    told = [
        ("2019-10-04", "product_id", False, "1 products are priced ten times above or below their mean of the days "
         "before, such as a")
    ]  # fmt: skip
    assert _found(connection, "price_history") == (told if is_far else [])
