"""Forecasts in Redshift, for which the local stand-in stands: the rows of the lake, which is on S3."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg2

from retail_assets.assets.catalogue import FORECASTS
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land, rows

DAYS = [date(2019, 10, 1) + timedelta(days=number) for number in range(36)]


def test_landed_events_become_forecast_rows_in_redshift(
    cloud_settings: Settings, reader: psycopg2.extensions.connection
) -> None:
    platform = Platform.of(cloud_settings.model_copy(update={"inbox_url": None}))
    sales = [(day, sale) for day in DAYS for sale in range(3 if day.weekday() > 4 else 1)]
    land(platform, "days.csv", [event(event_time=f"{day} 1{n}:00:00 UTC", event_type="purchase") for day, n in sales])
    build(platform, "raw_events", "clean_events", "daily_aggregates")

    asked = [Partition.of(date=DAYS[-1].isoformat(), key_type="brand")]
    made = [item for step in FORECASTS for item in materialize(platform, step, platform.inputs(step), asked)]

    assert [item.verdicts for item in made if not item.published] == []
    for name, order in (("demand_forecast", "day_ahead"), ("forecast_backtest", "model, demand_class")):
        columns = [column.name for column in FORECASTS[0].contracts()[name != "demand_forecast"].columns]
        expected = [tuple(row[column] for column in columns) for row in rows(platform, _all(name, order), name)]
        with reader.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(columns)} FROM {name} ORDER BY {order}")
            assert cursor.fetchall() == expected
        assert expected


def _all(name: str, order: str) -> str:
    return f"SELECT * FROM {name} ORDER BY {order}"
