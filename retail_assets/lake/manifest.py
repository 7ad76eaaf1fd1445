"""The manifest of a dataset: which partitions readers see and what each was made from.

``<dataset>/_manifest.json`` is written after the objects that it names, in one atomic step. Readers of the plain
folder, such as Spark and Athena, skip it because of the underscore.

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
from retail_assets.lake.entries import damaged, document_of, entry_of, in_order, text_of

MANIFEST_NAME = "_manifest.json"
ANNOUNCEMENT_NAME = "_publishing.json"


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
    write_whole(folder / MANIFEST_NAME, text_of(document_of(str(folder), entry) for entry in in_order(entries)))
    (folder / ANNOUNCEMENT_NAME).unlink(missing_ok=True)


def announce(folder: Path, moves: Mapping[Path, Published]) -> None:
    """Say which files are about to be moved to the places of which entries."""
    items = ({**document_of(str(folder), entry), "identity": identity(path)} for path, entry in moves.items())
    write_whole(folder / ANNOUNCEMENT_NAME, text_of(items))


def has_announcement(folder: Path) -> bool:
    """Whether a publication is under way, or was when its process died."""
    return (folder / ANNOUNCEMENT_NAME).exists()


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
        return tuple((item, entry_of(str(path.parent), item)) for item in document["partitions"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
