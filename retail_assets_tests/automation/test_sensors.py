"""Sensors: whatever arrives, changes or is withdrawn reaches the warehouse, each range in one run, nothing twice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.landed_files import BLOCKED_FILES, LANDED_FILES
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.definitions import platform_definitions
from retail_assets.engine.locking import exclusive
from retail_assets_tests.automation.following import Asked, Following
from retail_assets_tests.building import event, land
from retail_assets_tests.end_to_end.running import (
    by_backfill,
    days,
    everything,
    land_days,
    rows_of,
    runner,
    shop_day,
    state,
)

DATES = days("2019-10-01", 3)
FIRST, SECOND, LAST = DATES
DAILY = ("raw_events", "clean_events", "product_days")
SERIES = ("daily_aggregates", "features", "warehouse_features")
DIMENSIONS = ("warehouse_dim_product", "warehouse_data_quality")
CALENDAR = ("warehouse_dim_date",)


def series(first: str, last: str, *steps: str) -> Asked:
    return Asked(steps or SERIES, f"{first}|product_id", f"{last}|brand")


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Following]:
    """The sensors on an empty platform."""
    with runner(tmp_path) as made:
        yield Following(made)


@pytest.fixture
def settled(following: Following) -> Following:
    """Three days that have gone through."""
    land_days(following.runner.platform, DATES)
    following.follow()
    return following


def same_as_backfill(following: Following, folder: Path) -> bool:
    """Whether the platform is what one backfill makes of the same files."""
    with runner(folder) as other:
        for arrival in following.runner.platform.settings.landing_dir.iterdir():
            land(other.platform, arrival.name, arrival.read_bytes())
        by_backfill(other, DATES)
        return state(other.platform) == state(following.runner.platform)


def test_files_reach_the_warehouse_in_one_run_a_stage(following: Following, tmp_path: Path) -> None:
    land_days(following.runner.platform, DATES)
    assert following.follow() == [
        Asked(DAILY, FIRST, LAST),
        series(FIRST, LAST),
        Asked(DIMENSIONS),
        Asked(CALENDAR),
    ]
    assert same_as_backfill(following, tmp_path / "other")


def test_nothing_runs_twice(settled: Following) -> None:
    before = everything(settled.runner.platform)
    assert settled.follow() == []
    assert settled.skipped["stale_partitions"] == "nothing is due"
    settled.cursors.clear()
    settled.keys.clear()
    assert settled.follow() == []
    assert everything(settled.runner.platform) == before


def test_dates_apart_are_ranges_apart(following: Following) -> None:
    land_days(following.runner.platform, [FIRST, LAST])
    asked = following.follow()
    assert asked[:2] == [Asked(DAILY, FIRST, FIRST), Asked(DAILY, LAST, LAST)]
    assert sorted(asked[2:4], key=str) == [series(FIRST, FIRST), series(LAST, LAST)]


def test_late_events_recompute_their_day_and_the_features_that_it_reaches(settled: Following, tmp_path: Path) -> None:
    land(settled.runner.platform, "late.csv", [event(event_time=f"{SECOND} 23:59:59 UTC", product_id="99")])
    assert settled.follow() == [
        Asked(DAILY, SECOND, SECOND),
        series(SECOND, SECOND, "daily_aggregates"),
        Asked(DIMENSIONS),
        series(SECOND, LAST, "features", "warehouse_features"),
    ]
    assert same_as_backfill(settled, tmp_path / "other")


def test_a_changed_file_replaces_its_rows(settled: Following) -> None:
    platform = settled.runner.platform
    land(platform, f"{LAST}.csv", shop_day(LAST, extra=5))
    assert settled.follow()[0] == Asked(DAILY, LAST, LAST)
    assert rows_of(platform, "clean_events", LAST) == 29


def test_the_rows_of_a_withdrawn_file_leave(settled: Following) -> None:
    platform = settled.runner.platform
    platform.landing.withdraw([f"{LAST}.csv"])
    assert settled.follow()[0] == Asked(DAILY, LAST, LAST)
    assert rows_of(platform, "clean_events", LAST) == 0


def test_times_of_files_do_not_matter(settled: Following) -> None:
    platform = settled.runner.platform
    newest = max(path.stat().st_mtime_ns for path in platform.settings.landing_dir.iterdir())
    for number, age in enumerate((0, 10**9, 10**18)):
        path = land(platform, f"more_{number}.csv", [event(event_time=f"{LAST} 13:00:0{number} UTC", price="7")])
        os.utime(path, ns=(newest - age, newest - age))
    settled.follow()
    assert rows_of(platform, "clean_events", LAST) == 24 + 3


def test_a_bad_day_is_tried_once_a_day_and_holds_nobody_up(following: Following) -> None:
    platform = following.runner.platform
    land_days(platform, DATES, bad=[SECOND])
    asked = following.follow()
    assert asked[0] == Asked(DAILY, FIRST, LAST)
    assert [run for run in asked if "clean_events" in run.steps] == asked[:1]
    for step in SERIES:
        dates = {day for run in asked if step in run.steps for day in (run.first[:10], run.last[:10])}
        assert dates == {FIRST, LAST}, step
    assert following.follow() == []
    assert rows_of(platform, "features", LAST) > 0

    cursor = json.loads(following.cursors["stale_partitions"] or "")
    following.cursors["stale_partitions"] = json.dumps({**cursor, "day": "2020-01-01"})
    following.keys.clear()
    assert following.follow() == [Asked(("clean_events", "product_days"), SECOND, SECOND)]

    land_days(platform, [SECOND])
    assert following.follow()[0] == Asked(DAILY, SECOND, SECOND)
    assert rows_of(platform, "clean_events", SECOND) == 24


def test_a_run_that_died_is_tried_again_when_a_day_has_passed(settled: Following) -> None:
    land(settled.runner.platform, f"{LAST}.csv", shop_day(LAST, extra=5))
    settled.tick("new_files")
    (lost,) = settled.tick("stale_partitions")
    assert [run.steps for run in settled.follow()] == [("warehouse_data_quality",)]
    settled.cursors.clear()
    assert settled.tick("stale_partitions") == []
    settled.keys = {key.replace(lost.run_key or "", "2020-01-01") for key in settled.keys}
    settled.cursors.clear()
    assert settled.follow()[0] == Asked(DAILY, LAST, LAST)


def test_many_files_are_the_work_of_a_run(following: Following) -> None:
    platform = following.runner.platform
    for number in range(10_000):
        land(platform, f"{number % 100}/{number}.csv", b"")
    assert [request.run_key for request in following.tick("new_files")] != []
    assert platform.landing.files() == {}
    assert following.tick("new_files") == []  # the same files again are the same run


def test_a_run_takes_in_what_a_tick_cannot(following: Following) -> None:
    platform = following.runner.platform
    for number in range(60):
        land(platform, f"{number}.csv", [event(user_session=str(number))])
    land(platform, "broken.csv.gz", b"\x1f\x8b broken")
    asked = following.follow()
    assert asked[:2] == [Asked(("take_in_files",)), Asked(DAILY, "2019-10-01", "2019-10-01")]
    assert rows_of(platform, "clean_events", "2019-10-01") == 60


def test_blocked_files_fail_the_check_of_landed_files(following: Following) -> None:
    platform, instance = following.runner.platform, following.runner.instance
    land(platform, "good.csv", [event()])
    land(platform, "bad.csv", "name,age\nAda,36\n")
    following.tick("new_files")
    assert following.skipped["new_files"] == "taken in: bad.csv (blocked), good.csv (landed)"
    key = dg.AssetCheckKey(LANDED_FILES, BLOCKED_FILES)
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    evaluation = record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
    assert not evaluation.passed
    assert str(evaluation.metadata["bad.csv"].value).startswith("header_mismatch: bad.csv")


def test_the_sensors_wait_for_a_backfill(settled: Following) -> None:
    platform = settled.runner.platform
    land(platform, f"{LAST}.csv", shop_day(LAST, extra=5))
    settled.tick("new_files")
    with exclusive(backfill_lock(platform), "backfilling"):
        assert settled.tick("stale_partitions") == []
        assert settled.skipped["stale_partitions"] == "`retail backfill` is at work"
    assert settled.tick("stale_partitions") != []


def test_a_step_waits_while_another_run_makes_it(settled: Following) -> None:
    platform, instance = settled.runner.platform, settled.runner.instance
    land(platform, f"{LAST}.csv", shop_day(LAST, extra=5))
    settled.tick("new_files")
    (asked,) = settled.tick("stale_partitions")
    job = settled.runner.definitions.resolve_implicit_global_asset_job_def()
    started = instance.create_run_for_job(
        job, asset_selection=frozenset(asked.asset_selection or ()), status=dg.DagsterRunStatus.STARTED
    )
    settled.cursors.clear()
    settled.keys.clear()
    assert settled.tick("stale_partitions") == []
    instance.report_run_canceled(started)
    assert [request.run_key for request in settled.tick("stale_partitions")] == [asked.run_key]


def test_the_schedule_takes_in_what_the_sensor_missed(following: Following) -> None:
    platform, definitions = following.runner.platform, following.runner.definitions
    land(platform, "missed.csv", [event()])
    schedule = definitions.resolve_schedule_def("daily_landing")
    found = schedule.evaluate_tick(dg.build_schedule_context(instance=following.runner.instance))
    assert [request.tags["dagster/schedule_name"] for request in found.run_requests or []] == ["daily_landing"]
    job = definitions.resolve_job_def(schedule.job_name)
    assert job.execute_in_process(instance=following.runner.instance).success
    assert [entry.state for entry in platform.landing.files().values()] == ["landed"]


def test_sensors_and_schedule_are_on_or_off_as_the_settings_say(following: Following) -> None:
    on = platform_definitions(following.runner.platform.settings.model_copy(update={"sensors": True}))
    for definitions, status in ((on, "RUNNING"), (following.runner.definitions, "STOPPED")):
        assert definitions.resolve_sensor_def("new_files").default_status.name == status
        assert definitions.resolve_sensor_def("stale_partitions").default_status.name == status
        assert definitions.resolve_schedule_def("daily_landing").default_status.name == status
