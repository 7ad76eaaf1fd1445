"""What tests ask of platforms whose lake is on S3."""

from __future__ import annotations

from dataclasses import replace

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.lake.opening import root_of

Manifests = dict[str, dict[Partition, Published]]


def manifests(platform: Platform) -> Manifests:
    """Every manifest and load record, with locations below the lake's root: equal where lakes are."""
    root = root_of(platform.settings)
    return {
        f"{step.store} {item.name}": {
            partition: replace(entry, location=entry.location.removeprefix(root))
            for partition, entry in platform.store(step).published(item).items()
        }
        for step in STEPS
        for item in step.contracts()
    }


def objects(platform: Platform, dataset: str = "") -> dict[str, str]:
    """The Parquet objects of the lake's datasets, or of one of them, with their ETags."""
    root = S3Location.of(root_of(platform.settings))
    below = root / dataset if dataset else root
    found = S3(platform.settings.s3).listed(below)
    named = {place.key.removeprefix(root.below): etag for place, etag, _ in found if place.key.endswith(OBJECT_NAME)}
    return {name: etag for name, etag in named.items() if not name.startswith("_")}
