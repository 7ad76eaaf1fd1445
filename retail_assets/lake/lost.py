"""Finds objects that are gone, or are others than those that the manifest names."""

from __future__ import annotations

from collections.abc import Iterable
from os.path import commonpath
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Store
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.lake.s3_lake import S3Lake
from retail_assets.lake.s3_manifest import read_manifest
from retail_assets.settings import S3Settings


def lost(lake: Store, contract: Contract) -> list[Partition]:
    """The partitions of the dataset that readers of the lake would miss or misread, in order."""
    if isinstance(lake, S3Lake):
        there = {str(place): etag for place, etag, _ in lake.s3.listed(lake.folder(contract))}
        kept = read_manifest(lake.s3, lake.folder(contract), contract).kept
        return sorted(name for name, item in kept.items() if there.get(item.entry.location) != item.state.etag)
    published = lake.published(contract)
    return sorted(name for name, entry in published.items() if not Path(entry.location).exists())


def gone(locations: Iterable[str], settings: S3Settings) -> list[str]:
    """Which of these files, or objects of one bucket, are not there, in order."""
    wanted = sorted(set(locations))
    far = [location for location in wanted if is_s3(location)]
    there = {str(place) for place, _, _ in S3(settings).listed(_around(far))} if far else set[str]()
    return [name for name in wanted if (name not in there if is_s3(name) else not Path(name).exists())]


def _around(locations: list[str]) -> S3Location:
    """The longest prefix that all of them lie below."""
    places = [S3Location.of(location) for location in locations]
    return S3Location(places[0].bucket, commonpath([place.key.rpartition("/")[0] for place in places]))
