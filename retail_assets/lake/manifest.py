"""The manifest of a dataset: which partitions readers see and what each was made from.

``<dataset>/_manifest.json`` is written after the objects that it names, in one atomic step. It holds nothing that
changes between two runs over the same data, so equal lakes have equal manifests. Readers of the plain folder, such as
Spark and Athena, skip it because of the underscore.

Objects and manifest cannot change in one step. So ``_publishing.json`` announces beforehand which objects are about to
be replaced, and by which files: moving a file into place keeps its identity, by which it is known again. Should the
process die in between, each object is still described by the right entry, the old one or the new one, and the next run
makes what was announced again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from retail_assets.engine.durability import write_whole
from retail_assets.engine.identity import identity, identity_at
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published

MANIFEST_NAME = "_manifest.json"
ANNOUNCEMENT_NAME = "_publishing.json"
FORMAT = 1


def read_manifest(folder: Path) -> dict[Partition, Published]:
    """The published partitions of the dataset in ``folder``; none where it was never written.

    What is being published, or was when its process died, has ``inputs`` that match nothing: it is to be made again.

    Raises:
        ValueError: the manifest is damaged; the message names the file and the mend.
    """
    entries = {entry.partition: entry for _, entry in _read(folder / MANIFEST_NAME)}
    for item, announced in _read(folder / ANNOUNCEMENT_NAME):
        has_moved = item["identity"] == identity_at(Path(announced.location))
        if entry := announced if has_moved else entries.get(announced.partition):
            entries[entry.partition] = replace(entry, inputs="")
    return entries


def write_manifest(folder: Path, entries: Iterable[Published]) -> None:
    """Replace the manifest of ``folder`` in one atomic step; what was announced before is part of ``entries``."""
    write_whole(folder / MANIFEST_NAME, _text(_document(folder, entry) for entry in _in_order(entries)))
    (folder / ANNOUNCEMENT_NAME).unlink(missing_ok=True)


def announce(folder: Path, moves: Mapping[Path, Published]) -> None:
    """Say which files are about to be moved to the places of which entries."""
    items = ({**_document(folder, entry), "identity": identity(path)} for path, entry in moves.items())
    write_whole(folder / ANNOUNCEMENT_NAME, _text(items))


def has_announcement(folder: Path) -> bool:
    """Whether a publication is under way, or was when its process died."""
    return (folder / ANNOUNCEMENT_NAME).exists()


def _in_order(entries: Iterable[Published]) -> list[Published]:
    return sorted(entries, key=lambda entry: entry.partition)


def _text(items: Iterable[Mapping[str, Any]]) -> str:
    lines = ",\n".join(map(json.dumps, items))
    return f'{{"format": {FORMAT}, "partitions": [\n{lines}\n]}}\n'


def _read(path: Path) -> Sequence[tuple[Mapping[str, Any], Published]]:
    try:
        return _read_as(path, tuple(identity(path)))
    except FileNotFoundError:
        return ()


@lru_cache(maxsize=64)
def _read_as(path: Path, _: tuple[int, ...]) -> Sequence[tuple[Mapping[str, Any], Published]]:
    """The entries of the file that has this identity: a backfill asks some fifty times for what seldom changes."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return tuple((item, _entry(path.parent, item)) for item in document["partitions"])
    except FileNotFoundError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged ({error}). Remove it and run `retail backfill`: the dataset is built anew."
        ) from error


def _document(folder: Path, entry: Published) -> dict[str, Any]:
    return {
        "partition": dict(entry.partition.values),
        "object": Path(entry.location).relative_to(folder).as_posix(),
        "rows": entry.rows,
        "bytes": entry.bytes,
        "digest": entry.digest,
        "inputs": entry.inputs,
        "code": entry.code,
        "filled": dict(entry.filled),
    }


def _entry(folder: Path, item: Mapping[str, Any]) -> Published:
    return Published(
        partition=Partition.of(item["partition"]),
        location=str(folder / item["object"]),
        rows=item["rows"],
        bytes=item["bytes"],
        digest=item["digest"],
        inputs=item["inputs"],
        code=item["code"],
        filled=item["filled"],
    )
