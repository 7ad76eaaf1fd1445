"""A mart whose lake is on S3 and whose warehouse is the stand-in of Redshift, a proxy in front of PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retail_assets.assets.catalogue import marts_of
from retail_assets.assets.marts import mart_dates
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import of_dates
from retail_assets.contracts import contract
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop


def test_a_mart_is_an_object_a_date_on_s3_and_a_table_of_redshift(
    cloud_settings: Settings, reader: Any, tmp_path: Path
) -> None:
    settings = cloud_settings.model_copy(update={"marts_dir": tmp_path / "marts", "inbox_url": None})
    drop(settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])
    platform = Platform.of(settings)
    land(platform, "days.csv", [event(), event(event_time="2019-10-02 00:00:00 UTC", brand="apple")])
    build(platform, "raw_events", "clean_events", "daily_aggregates")
    before = platform.version()

    for step in marts_of(settings).steps:
        wanted = of_dates(step.partitioning, mart_dates(platform, step))
        made = list(materialize(platform, step, platform.inputs(step), wanted))
        assert [item.published for item in made] == [True, True]

    held = platform.stores["lake"].dataset(contract("daily_views"))
    assert [stored.location.startswith(settings.lake_url or "-") for stored in held.objects] == [True, True]
    with reader.cursor() as cursor:
        cursor.execute("SELECT date::varchar, brand, views FROM daily_views ORDER BY date")
        assert cursor.fetchall() == [("2019-10-01", "samsung", 1), ("2019-10-02", "apple", 1)]
    assert platform.version() != before
