"""The lake in a folder: what readers see, and what a rerun leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.lake.manifest import MANIFEST_NAME
from retail_assets_tests.building import build, event, land, rows


def _objects(platform: Platform, dataset: str) -> dict[str, bytes]:
    folder = platform.settings.lake_dir / dataset
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_partitions_are_plain_hive_folders_that_others_read_without_us(platform: Platform) -> None:
    import pyarrow.dataset as ds

    land(platform, "day.csv", [event(), event(event_time="2019-10-02 00:00:00 UTC")])
    build(platform)

    folder = platform.settings.lake_dir / "features"
    found = ds.dataset(folder, format="parquet", partitioning="hive").to_table().to_pylist()

    assert {(row["date"], row["key_type"]) for row in found} == {
        (day, key) for day in ("2019-10-01", "2019-10-02") for key in ("product_id", "category_code", "brand")
    }
    assert (folder / "key_type=brand" / "date=2019-10-01" / "data.parquet").is_file()


def test_a_rerun_with_fewer_rows_leaves_no_stale_row_and_no_other_partition_changed(platform: Platform) -> None:
    land(platform, "one.csv", [event(product_id=str(number)) for number in range(50)])
    land(platform, "two.csv", [event(event_time="2019-10-02 00:00:00 UTC")])
    build(platform)
    before = _objects(platform, "daily_aggregates")

    land(platform, "one.csv", [event(product_id="1")])
    build(platform, "raw_events", "clean_events", "daily_aggregates")

    after = _objects(platform, "daily_aggregates")
    assert set(after) == set(before)
    assert {name for name in before if before[name] != after[name]} == {
        f"key_type={key}/date=2019-10-01/data.parquet" for key in ("product_id", "category_code", "brand")
    }
    assert rows(platform, "SELECT count(*) AS rows FROM clean_events", "clean_events") == [{"rows": 2}]


def test_a_manifest_names_every_object_with_its_rows_and_bytes(platform: Platform) -> None:
    land(platform, "day.csv", [event(product_id=str(number)) for number in range(5)] + [event(price="0")])
    build(platform, "raw_events", "clean_events")

    published = platform.stores["lake"].published(contract("clean_events"))

    (entry,) = published.values()
    assert entry.partition == Partition.of(date="2019-10-01")
    assert (entry.rows, entry.bytes) == (5, Path(entry.location).stat().st_size)


def test_a_damaged_manifest_is_an_error_that_says_what_to_do(platform: Platform) -> None:
    folder = platform.settings.lake_dir / "features"
    folder.mkdir(parents=True)
    (folder / MANIFEST_NAME).write_text('{"format": 1, "partitions": [')

    with pytest.raises(ValueError, match=r"_manifest\.json is damaged .* Remove it and run `retail backfill`"):
        platform.stores["lake"].published(contract("features"))


def test_nothing_is_left_in_staging(platform: Platform) -> None:
    land(platform, "day.csv", [event()])
    build(platform)

    assert list((platform.settings.lake_dir / "_staging").iterdir()) == []
    assert list(platform.settings.spill_dir.iterdir()) == []
