"""The entries of a manifest as JSON: alike in a folder and on S3, with the object named as it lies below the dataset.

Nothing in an entry changes between two runs over the same data, so equal lakes have equal manifests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published

FORMAT = 1


def in_order(entries: Iterable[Published]) -> list[Published]:
    """The entries as a manifest lists them."""
    return sorted(entries, key=lambda entry: entry.partition)


def text_of(items: Iterable[Mapping[str, Any]], **more: Iterable[Mapping[str, Any]]) -> str:
    """A manifest of these items, one a line, and of further lists by name."""
    lists = {"partitions": items, **more}
    listed = ", ".join(f'"{name}": [\n{_lines(found)}\n]' for name, found in lists.items())
    return f'{{"format": {FORMAT}, {listed}}}\n'


def published_entry(publication: Publication, location: str) -> Published:
    """The entry of a publication whose object lies at ``location``."""
    return Published(
        partition=publication.staged.partition,
        location=location,
        rows=publication.facts.rows,
        bytes=publication.staged.bytes,
        digest=publication.facts.digest,
        inputs=publication.inputs,
        code=publication.code,
        filled=publication.facts.filled,
    )


def document_of(folder: str, entry: Published) -> dict[str, Any]:
    """The entry of an object below ``folder``."""
    return {
        "partition": dict(entry.partition.values),
        "object": entry.location.removeprefix(f"{folder}/"),
        "rows": entry.rows,
        "bytes": entry.bytes,
        "digest": entry.digest,
        "inputs": entry.inputs,
        "code": entry.code,
        "filled": dict(entry.filled),
    }


def entry_of(folder: str, item: Mapping[str, Any]) -> Published:
    """The entry that an item stands for."""
    return Published(
        partition=Partition.of(item["partition"]),
        location=f"{folder}/{item['object']}",
        rows=item["rows"],
        bytes=item["bytes"],
        digest=item["digest"],
        inputs=item["inputs"],
        code=item["code"],
        filled=item["filled"],
    )


def damaged(place: object, error: Exception) -> ValueError:
    """What to say of a manifest that cannot be read."""
    return ValueError(f"{place} is damaged ({error}). Remove it and run `retail backfill`: the dataset is built anew.")


def _lines(items: Iterable[Mapping[str, Any]]) -> str:
    return ",\n".join(map(json.dumps, items))
