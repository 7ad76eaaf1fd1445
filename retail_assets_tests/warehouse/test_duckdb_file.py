"""The warehouse file: its tables, its readers, and tools that are not ours."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import build, event, land, rows

DAY_TWO = "2019-10-02 10:00:00 UTC"


@pytest.fixture
def filled(platform: Platform) -> Platform:
    """Two days of events, built into the warehouse."""
    good = [event(event_time=f"2019-10-01 00:0{minute}:00 UTC") for minute in range(5)]
    land(platform, "one.csv", [*good, event(event_type="purchase"), event(price="0"), event(event_time="yesterday")])
    land(platform, "two.csv", [event(event_time=DAY_TWO, brand="apple", category_code=None)])
    build(platform)
    return platform


def query(platform: Platform, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{platform.settings.warehouse_file}' AS warehouse (READ_ONLY)")
        return connection.execute(sql).fetchall()


def test_features_are_those_of_the_lake(filled: Platform) -> None:
    order = "ORDER BY date, key_type, key_value"
    lake = rows(filled, f"SELECT * FROM features {order}", "features")

    table = query(filled, f"SELECT * FROM warehouse.features {order}")

    assert table == [tuple(row.values()) for row in lake]
    assert len(table) == 7


def test_dim_product_has_the_latest_category_and_brand(filled: Platform) -> None:
    first, last = dt.datetime(2019, 10, 1), dt.datetime(2019, 10, 2, 10)

    assert query(filled, "SELECT * FROM warehouse.dim_product") == [("1004856", None, "apple", first, last)]


def test_dim_date_covers_the_years_of_the_data_and_the_next(filled: Platform) -> None:
    span = "SELECT min(date), max(date), count(*) FROM warehouse.dim_date"
    thanksgiving = "SELECT holiday_flag, holiday_name, day_of_week FROM warehouse.dim_date WHERE date = '2019-11-28'"

    assert query(filled, span) == [(dt.date(2019, 1, 1), dt.date(2020, 12, 31), 731)]
    assert query(filled, thanksgiving) == [(1, "Thanksgiving Day", 3)]


def test_data_quality_balances_in_every_stage(filled: Platform) -> None:
    balance = """
        SELECT date, stage, sum(CASE WHEN reason = 'received' THEN rows ELSE -rows END)
        FROM warehouse.data_quality GROUP BY ALL HAVING sum(CASE WHEN reason = 'received' THEN rows ELSE -rows END) <> 0
    """

    assert query(filled, balance) == []
    assert query(filled, "SELECT date, rows FROM warehouse.data_quality WHERE reason = 'bad_event_time'") == [(None, 1)]
    assert query(filled, "SELECT sum(rows) FROM warehouse.data_quality WHERE reason = 'invalid_price'") == [(1,)]


def test_a_reader_keeps_its_state_while_a_new_one_is_published(filled: Platform) -> None:
    count = "SELECT count(*) FROM warehouse.features"
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{filled.settings.warehouse_file}' AS warehouse (READ_ONLY)")
        assert reader.execute(count).fetchall() == [(7,)]

        land(filled, "three.csv", [event(event_time="2019-10-03 10:00:00 UTC", brand="nokia")])
        build(filled)

        assert reader.execute(count).fetchall() == [(7,)]
    assert query(filled, count)[0][0] > 7


def test_columns_carry_the_types_of_the_contract(filled: Platform) -> None:
    types = dict(query(filled, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'features'"))

    assert types["purchases_t-1"] == "BIGINT"
    assert types["revenue_t"] == "DECIMAL(38,4)"
    assert types["date"] == "DATE"
    assert types["is_weekend"] == "BOOLEAN"


def test_dagster_duckdb_reads_the_file(filled: Platform) -> None:
    from dagster_duckdb import DuckDBResource

    read_only = {"access_mode": "READ_ONLY"}
    resource = DuckDBResource(database=str(filled.settings.warehouse_file), connection_config=read_only)

    with resource.get_connection() as connection:
        assert connection.execute("SELECT count(*) FROM features").fetchone() == (7,)
