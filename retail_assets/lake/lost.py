"""Finds published partitions whose object is gone, or is another one than the manifest names."""

from __future__ import annotations

from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Store
from retail_assets.lake.s3_lake import S3Lake
from retail_assets.lake.s3_manifest import read_manifest


def lost(lake: Store, contract: Contract) -> list[Partition]:
    """The partitions of the dataset that readers of the lake would miss or misread, in order."""
    if isinstance(lake, S3Lake):
        there = {str(place): etag for place, etag, _ in lake.s3.listed(lake.folder(contract))}
        kept = read_manifest(lake.s3, lake.folder(contract)).kept
        return sorted(name for name, item in kept.items() if there.get(item.entry.location) != item.state.etag)
    published = lake.published(contract)
    return sorted(name for name, entry in published.items() if not Path(entry.location).exists())
