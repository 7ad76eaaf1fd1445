"""Publishing versions of features: what a version holds, when there is a new one, and that it stays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import publish_features, shelf
from retail_assets.contracts import contract
from retail_assets.versions.verification import verify
from retail_assets.versions.version import Version
from retail_assets_tests.building import build, event, land, rows

WAY = ("raw_events", "clean_events", "daily_aggregates", "features")


def contents(version: Version) -> dict[str, bytes]:
    """The bytes of every file in the version's folder, the manifest included."""
    files = (path for path in sorted(version.folder.rglob("*")) if path.is_file())
    return {path.relative_to(version.folder).as_posix(): path.read_bytes() for path in files}


def change(platform: Platform) -> None:
    """Land another first day and build."""
    land(platform, "one.csv", [event(), event(product_id="2", event_type="purchase", price="7.5")])
    build(platform, *WAY)


def test_a_version_holds_what_features_hold_and_says_so_in_its_manifest(shop: Platform) -> None:
    outcome = publish_features(shop)

    version = outcome.version
    manifest = json.loads((version.folder / "_manifest.json").read_text())
    assert (outcome.is_new, version.reference, version.folder.name) == (True, "retail_aggregates:1", "1")
    assert version.folder == shop.settings.lake_dir / "_versions" / "retail_aggregates" / "1"
    assert (manifest["name"], manifest["version"], manifest["digest"]) == ("retail_aggregates", 1, version.digest)
    assert manifest["dates"] == {"first": "2019-10-01", "last": "2019-10-02", "count": 2}
    assert manifest["key_types"] == ["brand", "category_code", "product_id"]
    assert manifest["rows"] == rows(shop, "SELECT count(*) AS rows FROM features", "features")[0]["rows"]
    assert [(item["name"], item["type"], item["description"]) for item in manifest["schema"]] == [
        (column.name, column.type, column.description) for column in contract("features").columns
    ]
    held = contents(version)
    assert set(held) - {"_manifest.json"} == {
        f"key_type={key}/date={day}/data.parquet"
        for key in ("product_id", "category_code", "brand")
        for day in ("2019-10-01", "2019-10-02")
    }
    for file in manifest["files"]:
        assert hashlib.sha256(held[file["path"]]).hexdigest() == file["sha256"]
        assert (len(held[file["path"]]), file["partition"]["date"]) == (file["bytes"], file["path"][-23:-13])
    assert manifest["bytes"] == sum(file["bytes"] for file in manifest["files"])
    assert manifest["rows"] == sum(file["rows"] for file in manifest["files"])


def test_a_manifest_names_the_landed_files_and_the_code(shop: Platform) -> None:
    land(shop, "copy.csv", (shop.settings.landing_dir / "one.csv").read_bytes())
    land(shop, "bad.csv", "name,age\n")
    shop.landing.take_in()

    manifest = json.loads((publish_features(shop).version.folder / "_manifest.json").read_text())

    assert manifest["sources"] == [
        {"name": name, "sha256": hashlib.sha256((shop.settings.landing_dir / name).read_bytes()).hexdigest(), "rows": 2}
        for name in ("one.csv", "two.csv")
    ]
    (entry, *_) = shop.stores["lake"].published(contract("features")).values()
    assert manifest["code"] == {"package": "0.1.0", "features": [entry.code]}
    assert manifest["stale_dates"] == []


def test_sources_reach_as_far_back_as_the_window_does(shop: Platform) -> None:
    land(shop, "far.csv", [event(event_time="2019-11-10 10:00:00 UTC")])
    build(shop, "raw_events", "clean_events", "daily_aggregates")
    shutil.rmtree(shop.settings.lake_dir / "features")
    build(shop, "features", dates=["2019-10-28"])  # 27 days after the first file's date, which has no events itself
    assert shop.stores["lake"].published(contract("features")) == {}
    build(shop, "features", dates=["2019-10-02"])

    sources = publish_features(shop).version.origin.sources

    assert [source.name for source in sources] == ["one.csv", "two.csv"]


def test_dates_that_wait_to_be_made_again_are_named(shop: Platform) -> None:
    land(shop, "one.csv", [event(), event(product_id="9")])
    land(shop, "late.csv", [event(event_time="2019-10-05 10:00:00 UTC")])
    shop.landing.take_in()

    version = publish_features(shop).version

    # The second day's features look back upon the first, but are stale only once the first is made anew.
    assert version.origin.stale_dates == ("2019-10-01", "2019-10-05")


def test_the_same_content_is_the_same_version(shop: Platform) -> None:
    """D64: a rerun on unchanged inputs makes no new version."""
    first = publish_features(shop)
    before = {path: path.stat().st_mtime_ns for path in first.version.folder.rglob("*")}

    build(shop, *WAY)
    again = publish_features(shop)

    assert (again.is_new, again.version) == (False, first.version)
    assert shelf(shop).numbers() == [1]
    assert {path: path.stat().st_mtime_ns for path in first.version.folder.rglob("*")} == before


def test_a_version_stays_when_features_change(shop: Platform) -> None:
    first = publish_features(shop).version
    before = contents(first)

    change(shop)
    second = publish_features(shop)

    assert (second.is_new, second.version.reference) == (True, "retail_aggregates:2")
    assert contents(first) == before
    assert contents(second.version) != before
    assert verify(shelf(shop).versions()) == []


def test_content_that_comes_back_is_the_version_that_it_was(shop: Platform) -> None:
    original = (shop.settings.landing_dir / "one.csv").read_bytes()
    first = publish_features(shop).version
    change(shop)
    publish_features(shop)
    land(shop, "one.csv", original)
    build(shop, *WAY)

    outcome = publish_features(shop)

    assert (outcome.version.digest, outcome.version.number) == (first.digest, 1)
    assert (outcome.is_new, outcome.latest) == (False, 2)


def test_a_version_that_exists_with_other_content_is_not_overwritten(shop: Platform) -> None:
    """D71: a clear error, and the version stays."""
    first = publish_features(shop, 1).version
    before = contents(first)
    change(shop)

    with pytest.raises(ValueError, match=r"retail_aggregates:1 exists and holds other content.*would be .*:2"):
        publish_features(shop, 1)

    assert contents(first) == before
    assert shelf(shop).numbers() == [1]


def test_a_number_is_the_next_one_or_the_contents_own(shop: Platform) -> None:
    with pytest.raises(ValueError, match=r":2 is not the next version, which is retail_aggregates:1"):
        publish_features(shop, 2)
    assert publish_features(shop, 1).is_new
    assert not publish_features(shop, 1).is_new
    with pytest.raises(ValueError, match=r"features are retail_aggregates:1 already, not retail_aggregates:2"):
        publish_features(shop, 2)
    assert shelf(shop).numbers() == [1]


def test_nothing_to_publish_is_an_error(platform: Platform) -> None:
    with pytest.raises(ValueError, match=r"no features to publish yet. Run `retail backfill` first"):
        publish_features(platform)
    assert shelf(platform).numbers() == []


def test_an_empty_day_is_part_of_a_version(platform: Platform) -> None:
    land(platform, "one.csv", [event(brand=None)])
    build(platform, *WAY, dates=["2019-10-01", "2019-12-24"])

    version = publish_features(platform).version

    assert version.dates == ["2019-10-01", "2019-12-24"]
    assert {file.rows for file in version.files if file.partition.get("date") == "2019-12-24"} == {0}


def test_without_hard_links_files_are_copied(shop: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    linked = publish_features(shop).version
    shutil.rmtree(linked.folder)
    monkeypatch.setattr(os, "link", refuse)

    copied = publish_features(shop).version

    assert copied.digest == linked.digest
    assert {os.stat(copied.folder / file.path).st_nlink for file in copied.files} == {1}
    assert not publish_features(shop).is_new


def test_others_read_a_version_without_us(shop: Platform) -> None:
    import duckdb
    import pyarrow.dataset as ds

    version = publish_features(shop).version
    pattern = f"{version.folder}/*/*/*.parquet"

    table = ds.dataset(version.folder, format="parquet", partitioning="hive").to_table()
    counted = duckdb.sql(f"SELECT count(*) FROM read_parquet('{pattern}', hive_partitioning = true)").fetchone()

    assert table.num_rows == version.rows == (counted or [0])[0]
    assert len(version.dataset().to_arrow()) == version.rows
    assert version.dataset().to_arrow().column_names == [column.name for column in contract("features").columns]


def test_a_version_folder_is_readable_by_others(shop: Platform) -> None:
    folder: Path = publish_features(shop).version.folder

    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777
