"""Marts at work: dropped into a folder, made, checked, changed and broken, through the platform's own doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retail_assets.assets.catalogue import marts_of
from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.backfill_report import BackfillReport, StageReport
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets.settings import Settings
from retail_assets_tests.building import event, land
from retail_assets_tests.end_to_end.running import START, days, land_days
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop

DATES = days("2019-10-01", 3)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    limits = {"threads": 2, "memory_limit_mb": 512}
    return Settings(data_dir=tmp_path / "data", marts_dir=tmp_path / "marts", start_date=START, **limits)


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """A platform with a file a day."""
    platform = Platform.local(settings)
    land_days(platform, DATES)
    return platform


@pytest.fixture
def instance(platform: Platform) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(platform.settings.data_dir)) as instance:
        yield instance


def backfill(platform: Platform, instance: dg.DagsterInstance) -> BackfillReport:
    """A backfill with the definitions as they are now, as each command has them."""
    return Backfill(platform, platform_definitions(platform.settings), instance).run()


def stages(report: BackfillReport) -> dict[str, StageReport]:
    return {stage.step: stage for stage in report.stages}


def made(report: BackfillReport) -> dict[str, int]:
    return {stage.step: stage.made for stage in report.stages if stage.made}


def lake_rows(platform: Platform, name: str) -> list[dict[str, Any]]:
    """The rows of a mart as readers of the lake find them."""
    found: list[dict[str, Any]] = platform.stores["lake"].dataset(contract(name)).to_arrow().to_pylist()
    return sorted(found, key=repr)


def table_rows(platform: Platform, name: str) -> list[tuple[Any, ...]]:
    """The rows of a mart's table in the warehouse."""
    with platform.stores["warehouse"].reading() as connection:  # type: ignore[attr-defined]
        return connection.execute(f"SELECT * FROM warehouse.{name} ORDER BY ALL").fetchall()


def test_a_mart_is_made_by_date_with_a_table_and_made_again_when_its_sql_changes(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    path = drop(platform.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])

    first = backfill(platform, instance)

    assert first.succeeded, [stage for stage in first.stages if stage.failed or stage.without_input]
    assert (made(first)["daily_views"], made(first)["warehouse_daily_views"]) == (3, 3)
    assert {row["date"].isoformat() for row in lake_rows(platform, "daily_views")} == set(DATES)
    assert table_rows(platform, "daily_views") == sorted(
        (row["date"], row["brand"], row["views"]) for row in lake_rows(platform, "daily_views")
    )
    assert instance.get_materialized_partitions(dg.AssetKey("daily_views")) == set(DATES)
    assert made(backfill(platform, instance)) == {}

    path.write_text(DAILY_VIEWS.replace("views_t AS", "views_t * 2 AS"), encoding="utf-8")
    before = table_rows(platform, "daily_views")
    assert made(backfill(platform, instance)) == {"daily_views": 3, "warehouse_daily_views": 3}
    assert table_rows(platform, "daily_views") == [(day, brand, views * 2) for day, brand, views in before]


def test_a_late_event_makes_only_its_date_again(platform: Platform, instance: dg.DagsterInstance) -> None:
    drop(platform.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    backfill(platform, instance)
    land(platform, "late.csv", [event(event_time=f"{DATES[1]} 23:00:00 UTC")])

    again = made(backfill(platform, instance))

    assert (again["daily_views"], again["warehouse_daily_views"]) == (1, 1)


def test_a_broken_mart_is_told_of_and_takes_nothing_down(platform: Platform, instance: dg.DagsterInstance) -> None:
    path = drop(platform.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    drop(platform.settings, "views", "SELECT sum(views) AS views FROM daily_views", {"views": "BIGINT"})
    backfill(platform, instance)
    kept = lake_rows(platform, "daily_views")

    path.write_text(DAILY_VIEWS.replace("views_t", "viewz_t"), encoding="utf-8")
    definitions = platform_definitions(platform.settings)
    report = backfill(platform, instance)

    assert not report.succeeded
    stage = stages(report)["daily_views"]
    assert stage.failed == ("all",)
    assert f"{path}:5:5: " in stage.reasons[0]
    assert "viewz_t" in stage.reasons[0]
    assert [
        (name, other.reasons) for name, other in stages(report).items() if other.failed and name != "daily_views"
    ] == []
    assert lake_rows(platform, "daily_views") == kept
    spec = next(s for s in definitions.resolve_all_asset_specs() if s.key == dg.AssetKey("daily_views"))
    assert "Broken" in str(spec.description)
    assert "viewz_t" in str(spec.description)
    run = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey("daily_views")], partition_key=DATES[0], raise_on_error=False
    )
    assert not run.success

    path.write_text(DAILY_VIEWS, encoding="utf-8")
    assert backfill(platform, instance).succeeded


def test_a_mart_that_is_no_longer_by_date_or_is_again_is_made_anew(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    by_day = "SELECT date, sum(views_t) AS views FROM daily_aggregates WHERE key_type = 'brand' GROUP BY date"
    whole = "SELECT sum(views_t) AS views FROM daily_aggregates WHERE key_type = 'brand'"
    days_of_views = {"date": "DATE", "views": "BIGINT"}
    drop(platform.settings, "views_of_brands", by_day, days_of_views)
    backfill(platform, instance)
    before = lake_rows(platform, "views_of_brands"), table_rows(platform, "views_of_brands")

    drop(platform.settings, "views_of_brands", whole, {"views": "BIGINT"})
    backfill(platform, instance)

    total = sum(row["views"] for row in before[0])
    assert lake_rows(platform, "views_of_brands") == [{"views": total}]
    assert table_rows(platform, "views_of_brands") == [(total,)]

    drop(platform.settings, "views_of_brands", by_day, days_of_views)
    backfill(platform, instance)

    assert (lake_rows(platform, "views_of_brands"), table_rows(platform, "views_of_brands")) == before


def test_without_a_folder_there_are_no_marts(platform: Platform) -> None:
    assert marts_of(platform.settings).steps == ()
