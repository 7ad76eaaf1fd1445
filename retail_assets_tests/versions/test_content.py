"""What is published is what the lake's manifest and the contract say, and nothing is read twice for that."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import publish_features, shelf
from retail_assets.contracts import Column, contract
from retail_assets.versions.publishing import Publisher
from retail_assets.versions.version import Origin
from retail_assets_tests.building import build, event, land


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "published before"])
def test_an_object_that_is_not_what_the_lake_names_is_not_published(shop: Platform, is_known: bool) -> None:
    if is_known:
        publish_features(shop)
    folder = shop.settings.lake_dir / "features" / "key_type=brand"
    shutil.copyfile(folder / "date=2019-10-02" / "data.parquet", folder / "other")
    (folder / "other").replace(folder / "date=2019-10-01" / "data.parquet")

    with pytest.raises(ValueError, match=r"date=2019-10-01/data.parquet is not the object .*--from 2019-10-01 --to"):
        publish_features(shop)

    assert shelf(shop).numbers() == [1] * is_known


@pytest.mark.parametrize("damage", ["cut", "gone", "no parquet"])
def test_a_broken_object_is_not_published(shop: Platform, damage: str) -> None:
    path = shop.settings.lake_dir / "features" / "key_type=brand" / "date=2019-10-01" / "data.parquet"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] if damage == "cut" else b"nothing")

    with pytest.raises(ValueError, match=r"Run `retail backfill --force.*then publish again") as raised:
        publish_features(shop)

    assert str(path.relative_to(shop.settings.lake_dir).parent) in str(raised.value)
    assert shelf(shop).numbers() == []
    assert list((shop.settings.lake_dir / "_staging").iterdir()) == []


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "published before"])
@pytest.mark.parametrize("change", ["more", "less", "other type"])
def test_features_of_another_contract_are_not_published(shop: Platform, change: str, is_known: bool) -> None:
    if is_known:
        publish_features(shop)
    features = contract("features")
    columns = {
        "more": (*features.columns, Column("margin", "DOUBLE", "")),
        "less": features.columns[:-1],
        "other type": (*features.columns[:-1], replace(features.columns[-1], type="BIGINT")),
    }[change]
    changed = replace(features, columns=columns)
    publisher = Publisher(shelf(shop), shop.stores["lake"], changed, shop.settings, lambda _: Origin("test"))

    with pytest.raises(ValueError, match=r"was made under another contract: (margin|window_days_present): .*backfill`"):
        publisher.publish()

    assert shelf(shop).numbers() == [1] * is_known


def test_other_words_in_the_contract_make_no_new_version(shop: Platform) -> None:
    publish_features(shop)
    features = contract("features")
    reworded = replace(features, columns=tuple(replace(column, description="") for column in features.columns))
    publisher = Publisher(shelf(shop), shop.stores["lake"], reworded, shop.settings, lambda _: Origin("test"))

    assert not publisher.publish().is_new


def test_files_that_an_earlier_version_has_are_not_hashed_again(
    shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_features(shop)
    land(shop, "one.csv", [event(), event(product_id="2", event_type="purchase", price="7.5")])
    build(shop, "raw_events", "clean_events", "daily_aggregates", "features")
    hashed: list[str] = []
    monkeypatch.setattr("retail_assets.versions.hashing.sha256_of", lambda path: hashed.append(str(path)) or "0" * 64)

    second = publish_features(shop).version

    is_shared = {
        file.path
        for file in second.files
        if os.stat(second.folder / file.path).st_nlink == 3  # lake, :1 and :2
    }
    own = {file.path for file in second.files} - is_shared
    assert {path.partition("/retail_aggregates/")[2] for path in hashed} == own
    assert is_shared
