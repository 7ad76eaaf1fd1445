"""`dagster dev` with its sensors on: files reach the warehouse with no hand on the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets_tests.building import csv_text
from retail_assets_tests.end_to_end.running import settings_in, shop_day
from retail_assets_tests.servers.dagster_dev import DagsterDev, dagster_dev, log_tail

FIRST, SECOND = "2019-10-01", "2019-10-02"
PATIENCE_SECONDS = 240
VIEWS = "SELECT sum(views_t)::BIGINT FROM warehouse.features WHERE key_type = 'product_id' AND date = DATE '{}'"
RUNS = """{
  runsOrError(limit: 100) { ... on Runs { results { status assetSelection { path } tags { key value } } } }
}"""
LANDED = """{
  assetNodeOrError(assetKey: {path: ["landed_files"]}) { ... on AssetNode {
    assetMaterializations(limit: 10) { label metadataEntries { label } }
    assetChecksOrError { ... on AssetChecks { checks { name
      executionForLatestMaterialization { status } } } }
  } }
}"""


@dataclass(frozen=True)
class Following:
    """A running server and the platform that it follows."""

    server: DagsterDev
    settings: Settings

    def drop(self, name: str, text: str) -> None:
        """Let a file appear in the landing folder, whole."""
        part = self.settings.landing_dir / f".{name}.part"
        part.write_text(text)
        part.rename(self.settings.landing_dir / name)

    def value(self, sql: str) -> Any:
        """The one value that a query over the warehouse gives; None while there is no such table."""
        warehouse = DuckDBFile(self.settings.warehouse_file, self.settings)
        if not warehouse.path.exists():
            return None
        with warehouse.reading() as connection:
            tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            if ("features",) not in tables:
                return None
            ((found,),) = connection.execute(sql).fetchall()
            return found

    def wait_until(self, sql: str, is_right: Callable[[Any], bool]) -> None:
        """Wait until the warehouse answers as it should."""
        seen: list[Any] = [None]

        def look() -> bool | None:
            seen[0] = self.value(sql)
            return is_right(seen[0]) or None

        self.server.wait(look, PATIENCE_SECONDS, lambda: f"{sql} gives {seen[0]}")


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Following]:
    """A server on an empty platform, sensors on."""
    settings = settings_in(tmp_path_factory.mktemp("following")).model_copy(update={"sensors": True})
    settings.landing_dir.mkdir(parents=True)
    with dagster_dev(settings) as server:
        yield Following(server, settings)


@pytest.fixture(scope="module")
def story(following: Following) -> Following:
    """A day arrives, then the next one and late events of the first, then one file is withdrawn."""
    first, second = VIEWS.format(FIRST), VIEWS.format(SECOND)
    following.drop("first.csv", csv_text(shop_day(FIRST)))
    following.wait_until(first, lambda views: views == 12)
    following.drop("second.csv", csv_text(shop_day(SECOND)))
    following.drop("late.csv", csv_text(shop_day(FIRST, extra=7)[24:-1]))
    following.drop("broken.csv", "name,age\nAda,36\n")
    following.wait_until(first, lambda views: views == 19)
    following.wait_until(second, lambda views: views == 12)
    Platform.local(following.settings).landing.withdraw(["second.csv"])
    following.wait_until(second, lambda views: not views)
    return following


def test_what_arrives_comes_late_or_is_withdrawn_reaches_the_warehouse(story: Following) -> None:
    assert story.value("SELECT count(DISTINCT date) FROM warehouse.features") == 2
    assert story.value("SELECT sum(rows)::BIGINT FROM warehouse.data_quality WHERE reason = 'received'") is not None


def test_the_work_is_done_by_range_runs(story: Following) -> None:
    runs = story.server.query(RUNS)["runsOrError"]["results"]
    assert {run["status"] for run in runs} <= {"SUCCESS", "STARTED", "QUEUED", "STARTING", "NOT_STARTED"}
    ranges = [{tag["key"]: tag["value"] for tag in run["tags"]} for run in runs]
    first = [tags.get("dagster/asset_partition_range_start", "")[:10] for tags in ranges]
    assert {"", FIRST, SECOND} == set(first)
    assert {tags["dagster/sensor_name"] for tags in ranges} == {"stale_partitions"}


def test_landed_files_show_what_came_in_and_what_is_blocked(story: Following) -> None:
    landed = story.server.query(LANDED)["assetNodeOrError"]
    assert len(landed["assetMaterializations"]) >= 2
    (check,) = landed["assetChecksOrError"]["checks"]
    assert (check["name"], check["executionForLatestMaterialization"]["status"]) == ("blocked_files", "FAILED")


def test_the_log_of_the_servers_holds_no_error(story: Following, tmp_path: Path) -> None:
    log = log_tail(story.server.log)
    assert "Traceback" not in log.replace("header_mismatch", "")
