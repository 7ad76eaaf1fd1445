"""Sensors on a platform whose lake and inbox are on a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.automation.sensors import MOST_FILES_A_TICK
from retail_assets.landing.ledger import LandedFile
from retail_assets.settings import Settings
from retail_assets_tests.automation.following import Asked, Following
from retail_assets_tests.building import event
from retail_assets_tests.end_to_end.running import Runner, rows_of, shop_day
from retail_assets_tests.landing.inboxes_on_s3 import put, with_inbox

DAY = "2019-10-01"


@pytest.fixture
def following(on_s3: Settings) -> Iterator[Following]:
    """The sensors on an empty platform."""
    on_s3.data_dir.mkdir(parents=True, exist_ok=True)
    with dg.DagsterInstance.ephemeral(tempdir=str(on_s3.data_dir)) as instance:
        yield Following(Runner(Platform.of(with_inbox(on_s3)), instance))


def test_objects_reach_the_warehouse(following: Following) -> None:
    platform = following.runner.platform
    put(platform, f"{DAY}.csv", shop_day(DAY))
    asked = following.follow()
    assert asked[0] == Asked(("raw_events", "clean_events", "product_days"), DAY, DAY)
    assert rows_of(platform, "features", DAY) > 0
    assert following.follow() == []
    put(platform, f"{DAY}.csv", shop_day(DAY, extra=5))
    assert following.follow()[0] == asked[0]
    assert rows_of(platform, "clean_events", DAY) == 29
    platform.landing.withdraw([f"{DAY}.csv"])
    following.follow()
    assert rows_of(platform, "clean_events", DAY) == 0


def test_many_objects_are_the_work_of_one_run(following: Following) -> None:
    platform = following.runner.platform
    for number in range(MOST_FILES_A_TICK + 10):
        put(platform, f"{number}.csv", [event(user_session=str(number))])
    (request,) = following.tick("new_files")
    assert following.tick("new_files") == []
    waiting = following.runner.instance.create_run_for_job(
        following.runner.definitions.resolve_job_def("take_in_files"), status=dg.DagsterRunStatus.STARTING
    )
    put(platform, "one more.csv", [event(user_session="x")])
    assert following.tick("new_files") == []  # the run that waits will see it
    following.runner.instance.report_run_canceled(waiting)
    assert [fresh.run_key != request.run_key for fresh in following.tick("new_files")] == [True]
    assert following.make("new_files", request) == Asked(("take_in_files",))
    assert len(platform.landing.files()) == MOST_FILES_A_TICK + 11
    assert following.tick("new_files") == []
    assert following.skipped["new_files"] == "no new file"


def test_the_sensor_waits_while_another_machine_takes_in(following: Following) -> None:
    platform = following.runner.platform
    put(platform, "a.csv", [event()])
    elsewhere = platform.settings.model_copy(update={"data_dir": platform.settings.data_dir / "elsewhere"})
    with Platform.of(elsewhere).landing.storage.exclusive():
        assert following.tick("new_files") == []
        assert following.skipped["new_files"] == "another run is taking in files"
    following.tick("new_files")
    assert following.skipped["new_files"] == "taken in: a.csv (landed)"


def test_what_the_ledger_knows_is_listed_and_not_fetched(following: Following) -> None:
    platform = following.runner.platform
    put(platform, "a.csv", [event()])
    (arrival,) = platform.landing.pending()
    reader = platform.landing.sources[""].reader
    entry = LandedFile("a.csv", "blocked", "5a", arrival.bytes, 0, reader, "2026-01-01", etag=arrival.etag)
    platform.landing.ledger.append([entry])
    following.tick("new_files")
    assert following.skipped["new_files"] == "no new file"
