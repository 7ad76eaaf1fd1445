"""Publication, step by step: what a process that dies in between leaves, and what a power cut may not take."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.private import private_file, private_folder
from retail_assets.lake import folder_lake
from retail_assets_tests.building import event, land
from retail_assets_tests.crashes.state import inconsistent, observe
from retail_assets_tests.crashes.workload import run

OLD = [event(user_session=str(number)) for number in range(9)]
NEW = [event(user_session=str(number), product_id="2") for number in range(5)]


class Died(BaseException):
    """The process ends here."""


def _die_before_the_manifest(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(folder_lake, "write_manifest", die)
        with pytest.raises(Died):
            run(platform)


def test_a_file_that_changes_back_after_a_crash_is_as_before(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object is new and the manifest old: who believes the manifest finds it up to date, for ever."""
    land(platform, "day.csv", OLD)
    run(platform)
    before = observe(platform)
    land(platform, "day.csv", NEW)
    _die_before_the_manifest(platform, monkeypatch)
    assert inconsistent(platform) == []

    land(platform, "day.csv", OLD)
    run(platform)

    assert observe(platform) == before


def test_what_is_made_from_a_half_published_dataset_tells_what_it_was_made_from(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(platform, "day.csv", OLD)
    run(platform)
    lake = platform.stores["lake"]
    land(platform, "day.csv", NEW)
    _die_before_the_manifest(platform, monkeypatch)

    seen = observe(platform)

    assert seen["object/raw_events/2019-10-01"] == seen["manifest/raw_events/2019-10-01"].split()[0]
    assert seen["origin/raw_events/2019-10-01"] == "unknown"
    assert "_publishing.json" in lake.version()  # so that sensors look again
    run(platform)
    assert "_publishing.json" not in lake.version()


def test_objects_reach_the_disk_before_the_manifest_and_parts_before_the_ledger(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux tells which file a descriptor stands for")
    durable, moved = set[int](), dict[str, int]()
    sync, replace, link = os.fsync, os.replace, os.link

    def told(call: Callable[..., Any]) -> Callable[..., Any]:
        def moving(source: str | Path, target: str | Path) -> None:
            moved[f"{target}"] = os.stat(source).st_ino
            assert moved[f"{target}"] in durable or not str(target).endswith((".parquet", ".json")), target
            call(source, target)

        return moving

    def syncing(descriptor: int) -> None:
        durable.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    land(platform, "day.csv", [*OLD, event(event_time="?")])
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", told(replace))
    monkeypatch.setattr(os, "link", lambda source, target: _linking(told(link), link, source, target))
    run(platform)

    root = platform.settings.lake_dir
    for name in ("features/_manifest.json", "features/key_type=brand/date=2019-10-01/data.parquet"):
        assert str(root / name) in moved
    assert any("/_landing/ledger/" in name for name in moved)
    assert {path.stat().st_ino for path in (root / "_landing" / "parts").rglob("*.parquet")} <= durable


def _linking(told: Callable[..., Any], link: Callable[..., Any], source: Any, target: Any) -> None:
    (link if "_staging" in str(target) or ".warehouse" in str(target) else told)(source, target)


def test_private_places_of_the_living_stay_and_those_of_the_dead_go(tmp_path: Path) -> None:
    for name in ("dead", ".day.csv.1.part"):
        (tmp_path / name).mkdir() if name == "dead" else (tmp_path / name).touch()
    with private_folder(tmp_path) as first, private_file(tmp_path, "day.csv") as part:
        (first / "data").touch()
        with private_folder(tmp_path) as second:
            assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name, part.name}
            assert (first / "data").exists()
    assert list(tmp_path.iterdir()) == []
