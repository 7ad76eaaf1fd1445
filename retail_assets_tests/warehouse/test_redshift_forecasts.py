"""Forecasts and their back-tests in Redshift, from a lake in a folder: lake and warehouse are chosen one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import duckdb
import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import read
from retail_assets_tests.building import build, event, land, step_contract

FIRST, DAYS = date(2019, 10, 1), 60
LAST = FIRST + timedelta(days=DAYS - 1)
TABLES = ("demand_forecast", "forecast_backtest", "forecast_errors")


@pytest.fixture
def platform(cloud_settings: Settings) -> Platform:
    """A platform whose lake is in a folder and whose warehouse is the stand-in of Redshift."""
    own = {"env": "local", "lake_url": None, "inbox_url": None, "warehouse": "redshift"}
    return Platform.of(cloud_settings.model_copy(update=own))


def _events() -> Iterator[Mapping[str, str | None]]:
    """Two brands, one of which sells more on Sundays."""
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        for brand, sales in (("it's", 2), ("ü", 5 if day.weekday() == 6 else 1)):
            for sale in range(sales):
                yield event(event_time=f"{day} 11:{sale:02}:00 UTC", brand=brand, event_type="purchase")


def test_the_tables_hold_what_the_lake_holds(platform: Platform) -> None:
    assert isinstance(platform.stores["warehouse"], RedshiftStore)
    land(platform, "days.csv", _events())
    build(platform, "raw_events", "clean_events", "daily_aggregates")
    asked = [Partition.of(date=LAST.isoformat(), key_type="brand")]
    for name in ("demand_forecast", *(f"warehouse.{table}" for table in TABLES)):
        step = step_of(name)
        assert all(made.published for made in materialize(platform, step, platform.inputs(step), asked))

    for name in TABLES:
        contract = step_contract(name)
        names = ", ".join(column.quoted for column in contract.columns)
        expected = platform.stores["lake"].dataset(contract).to_arrow()
        found = read(platform.stores["warehouse"], contract)
        assert len(found) == len(expected) > 0
        with duckdb.connect() as connection:
            connection.register("expected", expected)
            connection.register("found", found)
            rows = [
                connection.execute(f"SELECT {names} FROM {side} ORDER BY ALL").fetchall()
                for side in ("expected", "found")
            ]
        assert rows[0] == rows[1]
