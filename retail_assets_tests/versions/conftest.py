"""A small shop with features, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land

SECOND = "2019-10-02 10:00:00 UTC"


@pytest.fixture(scope="session")
def shop_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a platform with features of two days, from a file a day. Read only."""
    folder = tmp_path_factory.mktemp("versions") / "data"
    platform = Platform.local(Settings(data_dir=folder, threads=2, memory_limit_mb=512))
    land(platform, "one.csv", [event(), event(product_id="2", event_type="purchase", brand=None)])
    land(platform, "two.csv", [event(event_time=SECOND), event(event_time=SECOND, product_id="3")])
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")
    return folder


@pytest.fixture
def shop(shop_once: Path, platform: Platform) -> Platform:
    """A platform with features of two days, from a file a day."""
    shutil.copytree(shop_once, platform.settings.data_dir)
    return platform
