"""The entries of a manifest as JSON: alike in a folder and on S3, with the object named as it lies below the dataset.

Nothing in an entry changes between two runs over the same data, so equal lakes have equal manifests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from retail_assets.contracts import Contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published

FORMAT = 1


def objects_of(contract: Contract) -> re.Pattern[str]:
    """The names, below the dataset, of objects that lie as the contract partitions it.

    Others are alien: of an earlier contract, which partitioned it by other columns or not at all. The folders tell and
    not the entry's partition, which lacks columns that all partitions share, such as ``stage`` of rejected_events.
    """
    return re.compile("".join(f"{re.escape(column.name)}=[^/]*/" for column in contract.partition_columns) + "[^/]*")


def name_of(folder: str, location: str) -> str:
    """The name, below the dataset in ``folder``, of the object at ``location``."""
    return location.removeprefix(f"{folder}/")


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
        "object": name_of(folder, entry.location),
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


def removing_list(names: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The list of the objects that are to be removed, where there are any, as ``text_of`` takes it."""
    items = [{"object": name} for name in sorted(names)]
    return {"removing": items} if items else {}


def removing_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of the objects that are to be removed."""
    return frozenset(item["object"] for item in document.get("removing", ()))


def given_up(removing: frozenset[str], folder: str, placed: Collection[Published]) -> frozenset[str]:
    """Which of the objects to remove, now that these are placed: none where nothing is, for nothing replaces them."""
    return removing - {name_of(folder, entry.location) for entry in placed} if placed else frozenset()


def damaged(place: object, error: Exception) -> ValueError:
    """What to say of a manifest that cannot be read."""
    return ValueError(f"{place} is damaged ({error}). Remove it and run `retail backfill`: the dataset is built anew.")


def _lines(items: Iterable[Mapping[str, Any]]) -> str:
    return ",\n".join(map(json.dumps, items))
