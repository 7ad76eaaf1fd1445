"""What a backfill does besides, while rows are read: it is told when, and does it once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg

from retail_assets.assets.platform import Platform
from retail_assets.cli.loading import Loading
from retail_assets.settings import Settings
from retail_assets_tests.building import event, land


def test_other_work_is_told_to_begin_when_rows_are_read_and_only_then(tmp_path: Path) -> None:
    platform = Platform.local(Settings(data_dir=tmp_path / "data", threads=2, memory_limit_mb=512))
    told: list[str] = []
    platform.landing.take_in(meanwhile=lambda: told.append("nothing had landed"))
    land(platform, "a.csv", [event()])
    platform.landing.take_in(meanwhile=lambda: told.append("a.csv"))
    platform.landing.take_in(meanwhile=lambda: told.append("a.csv had been read"))

    assert set(told) == {"a.csv"}


def test_the_definitions_are_loaded_once_whoever_begins(tmp_path: Path) -> None:
    with Loading(Settings(data_dir=tmp_path / "data")) as loading, ThreadPoolExecutor(8) as pool:
        begun = {id(future) for future in pool.map(lambda _: loading.begin(), range(64))}

        assert len(begun) == 1
        assert isinstance(loading.result(), dg.Definitions)
