"""A backfill that has nothing to do leaves Dagster alone, and never takes something to do for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.automation.recorded import NOTE_NAME, is_recorded
from retail_assets.cli.backfill import run_backfill
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land

BACKFILL = """
import sys
from retail_assets.cli.backfill import run_backfill
from retail_assets.cli.opening import open_platform
report = run_backfill(open_platform())
print(sum(stage.up_to_date for stage in report.stages), sum(stage.made for stage in report.stages))
print('dagster' in sys.modules)
"""


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("RETAIL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "data" / ".dagster"))
    return Platform.local(Settings(data_dir=tmp_path / "data", threads=2, memory_limit_mb=512))


def _made(platform: Platform) -> dict[str, int]:
    return {stage.step: stage.made for stage in run_backfill(platform).stages if stage.made}


def _without_dagster() -> str:
    """What a backfill in a process of its own found up to date and made, and whether it loaded Dagster."""
    done = subprocess.run([sys.executable, "-c", BACKFILL], capture_output=True, text=True, check=True, env=os.environ)
    return done.stdout


def _day(day: str) -> list[dict[str, str | None]]:
    return [event(event_time=f"{day} 12:00:00 UTC"), event(event_time=f"{day} 13:00:00 UTC", brand="lg")]


def test_only_a_backfill_with_something_to_do_loads_dagster(platform: Platform) -> None:
    """One story, since every backfill costs seconds: records wiped, datasets published by hand, a manifest lost."""
    land(platform, "1.csv", _day("2019-10-01"))
    assert sum(_made(platform).values()) == 15
    assert _without_dagster() == "15 0\nFalse\n"

    with dg.DagsterInstance.get() as instance:
        instance.wipe_assets([dg.AssetKey("daily_aggregates")])
    assert _made(platform) == {"daily_aggregates": 3}

    land(platform, "2.csv", _day("2019-10-02"))
    build(platform)  # without a record of it
    assert sum(_made(platform).values()) == 12
    assert _without_dagster() == "27 0\nFalse\n"

    (platform.settings.lake_dir / "product_days" / "_manifest.json").unlink()
    assert _made(platform)["product_days"] == 2


def test_a_note_that_cannot_be_trusted_counts_for_nothing(tmp_path: Path) -> None:
    assert not is_recorded(tmp_path, "7")
    for text in ("", "[]", "{}", '{"index": 5}', '{"version": "7", "index": "/nowhere", "states": [[1, 2, 3]]}'):
        (tmp_path / NOTE_NAME).write_text(text)
        assert not is_recorded(tmp_path, "7"), text
