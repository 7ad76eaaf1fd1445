"""The manifest of a dataset: which partitions readers see and what each was made from.

``<dataset>/_manifest.json`` is written after the objects that it names, in one atomic step. Readers of the plain
folder, such as Spark and Athena, skip it because of the underscore.

Objects and manifest cannot change in one step. So ``_publishing.json`` announces beforehand which objects are about to
be replaced, and by which files: moving a file into place keeps its identity, by which it is known again. Should the
process die in between, each object is still described by the right entry, the old one or the new one, and the next run
makes what was announced again.

A contract may come to partition its dataset in another way. Objects of the earlier way are alien to it: readers see
none of them, and what is published next lists them as ``removing`` before it removes them, so that none is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from retail_assets.contracts import Contract
from retail_assets.engine.durability import write_whole
from retail_assets.engine.identity import identity, identity_at
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published
from retail_assets.lake.entries import (
    damaged,
    document_of,
    entry_of,
    in_order,
    name_of,
    objects_of,
    removing_list,
    removing_of,
    text_of,
)

MANIFEST_NAME = "_manifest.json"
ANNOUNCEMENT_NAME = "_publishing.json"


@dataclass(frozen=True)
class Manifest:
    """What readers see of a dataset. ``removing`` names the objects that no reader sees and that are to go."""

    published: Mapping[Partition, Published]
    removing: frozenset[str]


def read_manifest(folder: Path, contract: Contract) -> Manifest:
    """The manifest of the dataset in ``folder``, as far as its contract goes; an empty one where it was never written.

    What is being published, or was when its process died, has ``inputs`` that match nothing: it is to be made again.

    Raises:
        ValueError: the manifest is damaged; the message names the file and the mend.
    """
    held, publishing = _read(folder / MANIFEST_NAME), _read(folder / ANNOUNCEMENT_NAME)
    entries = {entry.partition: entry for _, entry in held.entries}
    for item, announced in publishing.entries:
        has_moved = item["identity"] == identity_at(Path(announced.location))
        if entry := announced if has_moved else entries.get(announced.partition):
            entries[entry.partition] = replace(entry, inputs="")
    known = objects_of(contract)
    named = {partition: name_of(str(folder), entry.location) for partition, entry in entries.items()}
    seen = {partition: name for partition, name in named.items() if known.fullmatch(name)}
    listed = {item["object"] for item, _ in (*held.entries, *publishing.entries)}
    alien = {name for name in listed if not known.fullmatch(name)}
    published = {partition: entries[partition] for partition in seen}
    return Manifest(published, frozenset(held.removing | alien) - set(seen.values()))


def write_manifest(folder: Path, entries: Iterable[Published], removing: Iterable[str] = ()) -> None:
    """Replace the manifest of ``folder`` in one atomic step; what was announced before is part of ``entries``."""
    items = [document_of(str(folder), entry) for entry in in_order(entries)]
    write_whole(folder / MANIFEST_NAME, text_of(items, **removing_list(removing)))
    (folder / ANNOUNCEMENT_NAME).unlink(missing_ok=True)


def announce(folder: Path, moves: Mapping[Path, Published]) -> None:
    """Say which files are about to be moved to the places of which entries."""
    items = ({**document_of(str(folder), entry), "identity": identity(path)} for path, entry in moves.items())
    write_whole(folder / ANNOUNCEMENT_NAME, text_of(items))


def has_announcement(folder: Path) -> bool:
    """Whether a publication is under way, or was when its process died."""
    return (folder / ANNOUNCEMENT_NAME).exists()


class _File(NamedTuple):
    """The entries of a file with the items that they come from, and the names of the objects that are to go."""

    entries: Sequence[tuple[Mapping[str, Any], Published]] = ()
    removing: frozenset[str] = frozenset()


def _read(path: Path) -> _File:
    try:
        return _read_as(path, tuple(identity(path)))
    except FileNotFoundError:
        return _File()


@lru_cache(maxsize=64)
def _read_as(path: Path, _: tuple[int, ...]) -> _File:
    """What the file says that has this identity: a backfill asks some fifty times for what seldom changes."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple((item, entry_of(str(path.parent), item)) for item in document["partitions"])
        return _File(entries, removing_of(document))
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
