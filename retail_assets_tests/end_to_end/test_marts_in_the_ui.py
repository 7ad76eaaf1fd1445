"""`dagster dev` with marts: what the UI shows of good and broken ones, and sensors that make what is due of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.catalogue import marts_of
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.settings import Settings
from retail_assets_tests.end_to_end.running import START, days, land_days
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop
from retail_assets_tests.servers.dagster_dev import DagsterDev, dagster_dev

DATES = days("2019-10-01", 2)
MADE_SECONDS = 300


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A platform whose files wait to be taken in, with a good and a broken mart; its sensors are on."""
    folder = tmp_path_factory.mktemp("ui")
    (folder / "data").mkdir()
    limits = {"threads": 2, "memory_limit_mb": 512, "sensor_seconds": 2}
    settings = Settings(data_dir=folder / "data", marts_dir=folder / "marts", start_date=START, **limits)
    drop(settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])
    drop(settings, "misspelt", "SELECT brandy AS brand FROM clean_events", {"brand": "VARCHAR"})
    land_days(Platform.local(settings), DATES)
    return settings


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[DagsterDev]:
    with dagster_dev(settings) as server:
        yield server


@pytest.fixture(scope="module")
def nodes(server: DagsterDev) -> dict[str, Any]:
    """What the UI knows of each asset."""
    found = server.query(
        """{ assetNodes {
          assetKey { path } groupName description isPartitioned dependencyKeys { path }
          metadataEntries { label ... on MarkdownMetadataEntry { mdStr } ... on TableSchemaMetadataEntry {
            schema { columns { name type description } } } }
        } }"""
    )
    return {"/".join(node["assetKey"]["path"]): node for node in found["assetNodes"]}


def test_a_mart_stands_in_its_group_with_its_sql_and_columns(nodes: dict[str, Any]) -> None:
    node = nodes["daily_views"]

    assert (node["groupName"], node["isPartitioned"]) == ("marts", True)
    assert node["dependencyKeys"] == [{"path": ["daily_aggregates"]}]
    entries = {entry["label"]: entry for entry in node["metadataEntries"]}
    assert "FROM daily_aggregates" in entries["SQL"]["mdStr"]
    columns = entries["dagster/column_schema"]["schema"]["columns"]
    assert [(column["name"], column["type"]) for column in columns] == list(DAILY_VIEWS_COLUMNS.items())
    assert nodes["warehouse/daily_views"]["groupName"] == "warehouse"


def test_a_broken_mart_stands_beside_it_and_says_what_is_wrong(nodes: dict[str, Any], settings: Settings) -> None:
    node = nodes["misspelt"]

    assert node["groupName"] == "marts"
    assert f"{settings.marts_dir / 'misspelt.sql'}:1:8: Referenced column" in node["description"]
    assert len(nodes) > 15


def test_the_sensor_makes_a_mart_when_its_input_is_there_and_when_its_sql_changes(
    server: DagsterDev, settings: Settings
) -> None:
    platform = Platform.local(settings)
    assert marts_of(settings).steps

    def views() -> int:
        held = platform.stores["lake"].dataset(contract("daily_views"))
        return sum(held.to_arrow().column("views").to_pylist()) if len(held.partitions) == len(DATES) else 0

    first = server.wait(lambda: views() or None, MADE_SECONDS, lambda: "the mart was not made")
    path: Path = settings.marts_dir / "daily_views.sql"
    path.write_text(DAILY_VIEWS.replace("views_t AS", "views_t * 10 AS"), encoding="utf-8")

    server.wait(lambda: views() == first * 10 or None, MADE_SECONDS, lambda: "the mart was not made again")
