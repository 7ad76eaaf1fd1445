"""What marts read, when they are due, and what keeps a date from being published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retail_assets.assets.catalogue import marts_of
from retail_assets.assets.catalogue import step_of as packaged_step
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.marts import mart_dates
from retail_assets.assets.materialization import Made, materialize, stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step, of_dates
from retail_assets.automation.marts import look_for_stale_marts
from retail_assets.automation.stages import QUIET
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets.lake.folder_lake import FolderLake
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.end_to_end.running import START, days, land_days
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop

DATES = days("2019-10-01", 4)
BAD = DATES[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A platform of four days, made without Dagster. Tests read it, and add marts of their own."""
    folder = tmp_path_factory.mktemp("marts")
    platform = Platform.local(Settings(data_dir=folder, start_date=START, threads=2, memory_limit_mb=512))
    land_days(platform, DATES)
    build(platform)
    return folder


@pytest.fixture
def platform(built: Path, tmp_path: Path) -> Platform:
    limits = {"threads": 2, "memory_limit_mb": 512}
    return Platform.local(Settings(data_dir=built, marts_dir=tmp_path / "marts", start_date=START, **limits))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


def step_of(platform: Platform, name: str) -> Step:
    marts = marts_of(platform.settings)
    assert not marts.broken, marts.broken[0].error
    return next(step for step in marts.steps if step.name == name)


def make(platform: Platform, name: str, dates: list[str] | None = None) -> list[Made]:
    """Make a mart, without Dagster."""
    step = step_of(platform, name)
    wanted = of_dates(step.partitioning, mart_dates(platform, step) if dates is None else dates)
    return list(materialize(platform, step, platform.inputs(step), wanted))


def lake_rows(platform: Platform, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = platform.stores["lake"].dataset(contract(name)).to_arrow().to_pylist()
    return found


def test_a_date_reads_its_own_date_and_the_days_that_it_asks_for(platform: Platform) -> None:
    columns = {"date": "DATE", "first": "DATE", "last": "DATE", "days": "BIGINT", "products": "BIGINT"}
    sql = """
        SELECT requested.date, min(daily.date) AS first, max(daily.date) AS last,
            (SELECT count(DISTINCT date) FROM daily_aggregates_partitions) AS days,
            (SELECT count(DISTINCT date) FROM product_days) AS products
        FROM daily_aggregates AS daily, requested_partitions AS requested GROUP BY requested.date
    """
    drop(platform.settings, "windows", sql, columns, reads={"daily_aggregates": {"days": 3}})

    make(platform, "windows")

    found = {row["date"].isoformat(): row for row in lake_rows(platform, "windows")}
    assert [(row["first"].isoformat(), row["last"].isoformat(), row["days"]) for _, row in sorted(found.items())] == [
        (DATES[0], DATES[0], 1), (DATES[0], DATES[1], 2), (DATES[0], DATES[2], 3), (DATES[1], DATES[3], 3)
    ]  # fmt: skip
    assert {row["products"] for row in found.values()} == {1}


def test_each_date_is_made_as_if_it_were_the_only_one(platform: Platform) -> None:
    """A rank without PARTITION BY is one of the date, however many dates a run makes."""
    sql = "SELECT date, row_number() OVER (ORDER BY product_id) AS place, product_id FROM product_days"
    drop(platform.settings, "ranked", sql, {"date": "DATE", "place": "BIGINT", "product_id": "VARCHAR"})

    make(platform, "ranked")

    places = [(row["date"].isoformat(), row["place"]) for row in lake_rows(platform, "ranked")]
    assert sorted(places) == [(day, place) for day in DATES for place in (1, 2, 3)]


def test_rows_of_another_date_are_an_error_and_not_written(platform: Platform) -> None:
    sql = DAILY_VIEWS.replace("WHERE", "WHERE views_t > 0 AND")
    drop(platform.settings, "strayed", sql, DAILY_VIEWS_COLUMNS, reads={"daily_aggregates": {"days": 2}})

    with pytest.raises(Exception, match=f"strayed yields rows of another date than the one .*: {DATES[0]}"):
        make(platform, "strayed", [BAD])

    assert lake_rows(platform, "strayed") == []


def test_a_mart_without_dates_is_one_table_of_everything(platform: Platform) -> None:
    drop(platform.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    sql = "SELECT brand, sum(views) AS views, count(DISTINCT date) AS days FROM daily_views GROUP BY brand"
    drop(platform.settings, "all_views", sql, {"brand": "VARCHAR", "views": "BIGINT", "days": "BIGINT"})
    make(platform, "daily_views")

    make(platform, "all_views")

    assert {row["days"] for row in lake_rows(platform, "all_views")} == {len(DATES)}
    assert sum(row["views"] for row in lake_rows(platform, "all_views")) == sum(
        row["views"] for row in lake_rows(platform, "daily_views")
    )


CHECK = {
    "name": "few_views",
    "description": "No brand is seen often.",
    "query": f"SELECT staged.date, false AS passed, brand || ' is seen often' AS detail FROM staged_checked AS staged "
    f"WHERE staged.date = DATE '{BAD}' AND brand = 'samsung' AND EXISTS (FROM daily_aggregates)",
}


def test_a_date_that_fails_a_check_keeps_what_it_had_and_the_others_are_published(platform: Platform) -> None:
    drop(platform.settings, "checked", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    make(platform, "checked", [BAD])
    before = lake_rows(platform, "checked")
    doubled = DAILY_VIEWS.replace("views_t AS", "views_t * 2 AS")
    drop(platform.settings, "checked", doubled, DAILY_VIEWS_COLUMNS, checks=[CHECK])

    made = make(platform, "checked")

    assert [item.partition.key for item in made if not item.published] == [BAD]
    (verdict,) = [v for item in made for v in item.verdicts if not v.passed]
    assert (verdict.check, verdict.detail) == ("few_views", "samsung is seen often")
    assert [row for row in lake_rows(platform, "checked") if row["date"].isoformat() == BAD] == before


def test_a_warning_publishes_all_the_same(platform: Platform) -> None:
    checks = [{**CHECK, "severity": "warning"}]
    drop(platform.settings, "checked", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, checks=checks)

    made = make(platform, "checked")

    assert all(item.published for item in made)
    assert [v.check for item in made for v in item.verdicts if not v.passed] == ["few_views"]


def test_rules_of_the_contract_hold_a_date_back(platform: Platform) -> None:
    rule = {"name": "few", "type": "sql", "mustBe": 0, "query": "SELECT count(*) FROM ${object} WHERE views > 3"}
    drop(platform.settings, "ruled", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, quality=[rule])

    made = make(platform, "ruled", [BAD])

    assert not made[0].published
    assert "few: " in made[0].verdicts[0].detail


def test_what_is_written_is_the_same_again(platform: Platform) -> None:
    drop(platform.settings, "repeated", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])
    make(platform, "repeated")
    files = sorted((platform.settings.lake_dir / "repeated").rglob("*.parquet"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    make(platform, "repeated")

    assert len(before) == len(DATES)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files} == before


def loaded(platform: Platform) -> set[dg.AssetKey]:
    """The marts, all of them known to Dagster."""
    return {asset_key(step, step.outputs[0]) for step in marts_of(platform.settings).steps}


def follow(platform: Platform, instance: dg.DagsterInstance) -> list[list[str]]:
    """Look and make what is asked for until nothing is; each run must succeed."""
    runs, cursor = [], None
    for _ in range(8):
        found = look_for_stale_marts(instance, platform, cursor, loaded(platform))
        if not isinstance(found, dg.SensorResult) or not found.run_requests:
            return runs
        cursor = found.cursor
        for request in found.run_requests:
            runs.append(sorted(key.to_user_string() for key in request.asset_selection or ()))
            done = platform_definitions(platform.settings).resolve_implicit_global_asset_job_def()
            assert done.execute_in_process(
                instance=instance, asset_selection=request.asset_selection, tags=request.tags, run_config=QUIET
            ).success
    raise AssertionError(f"the sensor never comes to rest: {runs}")


def test_the_sensor_asks_for_what_is_due_and_for_nothing_twice(
    platform: Platform, instance: dg.DagsterInstance
) -> None:
    path = drop(platform.settings, "watched", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    totals = "SELECT sum(views) AS views FROM watched"
    drop(platform.settings, "watched_total", totals, {"views": "BIGINT"}, warehouse=False)

    assert follow(platform, instance) == [["warehouse/watched", "watched"], ["watched_total"]]
    assert follow(platform, instance) == []

    path.write_text(DAILY_VIEWS.replace("views_t AS", "views_t + 1 AS"), encoding="utf-8")
    assert follow(platform, instance) == [["warehouse/watched", "watched"], ["watched_total"]]
    assert not stale(platform, step_of(platform, "watched"), of_dates("date", DATES))


def test_a_look_reads_no_manifest_where_all_is_as_at_the_one_before(
    platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(platform.settings, "settled", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, warehouse=False)
    make(platform, "settled")
    first = look_for_stale_marts(instance, platform, None, loaded(platform))
    assert isinstance(first, dg.SensorResult)
    read, published = list[str](), FolderLake.published
    monkeypatch.setattr(
        FolderLake, "published", lambda lake, contract: read.append(contract.name) or published(lake, contract)
    )

    again = look_for_stale_marts(instance, platform, first.cursor, loaded(platform))

    assert isinstance(again, dg.SkipReason)
    assert read == []


def test_a_date_that_another_input_lacks_is_not_asked_for(
    platform: Platform, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """A mart of a mart and of a dataset that lags: its runs would fail for want of that one."""
    other = Platform.local(platform.settings.model_copy(update={"data_dir": tmp_path / "data"}))
    land_days(other, DATES[:2])
    build(other, "raw_events", "clean_events", "daily_aggregates")
    build(other, "product_days", dates=DATES[:1])
    drop(other.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, warehouse=False)
    sql = "SELECT date, sum(views) AS views FROM daily_views JOIN product_days USING (date) GROUP BY date"
    drop(other.settings, "lagging", sql, {"date": "DATE", "views": "BIGINT"}, warehouse=False)

    assert follow(other, instance) == [["daily_views"], ["lagging"]]
    assert {item.key for item in other.stores["lake"].published(contract("lagging"))} == {DATES[0]}

    build(other, "product_days", dates=DATES[1:2])
    assert follow(other, instance) == [["lagging"]]


def test_a_date_that_is_only_half_there_is_not_read(platform: Platform, tmp_path: Path) -> None:
    """A mart by date that reads something kept by date and key type waits for all key types."""
    other = Platform.local(platform.settings.model_copy(update={"data_dir": tmp_path / "data"}))
    land(other, "day.csv", [event()])
    build(other, "raw_events", "clean_events")
    drop(platform.settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)
    aggregates = packaged_step("daily_aggregates")
    (first, *others) = of_dates("date_and_key", ["2019-10-01"])
    mart = step_of(other, "daily_views")

    list(materialize(other, aggregates, other.inputs(aggregates), [first]))
    assert mart_dates(other, mart) == []
    list(materialize(other, aggregates, other.inputs(aggregates), others))

    assert mart_dates(other, mart) == ["2019-10-01"]
