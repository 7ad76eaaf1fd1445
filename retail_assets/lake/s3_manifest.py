"""The manifest of a dataset on S3: as that of a folder, and of each object its ETag, digest and version.

Objects and manifest cannot change in one step. So the manifest itself first announces which objects are about to be
replaced, and by what; each object carries the digest of its bytes, by which it is known again. Should the process die
in between, each object is still described by the right entry, the old one or the new one, and the next run makes what
was announced again. Every change demands the ETag that was read: two writers cannot both succeed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from retail_assets.contracts import Contract
from retail_assets.engine.parallel import at_once
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published
from retail_assets.engine.s3_errors import ObjectMissing
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import ABSENT, S3, Body, State
from retail_assets.lake.entries import (
    damaged,
    document_of,
    entry_of,
    name_of,
    objects_of,
    removing_list,
    removing_of,
    text_of,
)
from retail_assets.lake.manifest import MANIFEST_NAME


@dataclass(frozen=True)
class Kept:
    """A published partition and the object that holds it."""

    entry: Published
    state: State


@dataclass(frozen=True)
class Manifest:
    """What a dataset on S3 consists of. ``announced`` is what a publication is replacing, or was when it died.

    ``removing`` names the objects that no reader sees and that are to go.
    """

    etag: str = ABSENT
    kept: Mapping[Partition, Kept] = field(default_factory=dict)
    announced: tuple[Kept, ...] = ()
    removing: frozenset[str] = frozenset()

    def published(self) -> dict[Partition, Published]:
        """The entries that readers see."""
        return {partition: kept.entry for partition, kept in self.kept.items()}


def read_manifest(s3: S3, folder: S3Location, contract: Contract) -> Manifest:
    """The manifest of the dataset below ``folder``, as far as its contract goes; empty where it was never written.

    What is being published, or was when its process died, has ``inputs`` that match nothing: it is to be made again.

    Raises:
        ValueError: the manifest is damaged; the message names the object and the mend.
    """
    manifest = _read(s3, folder)
    known, kept = objects_of(contract), _settled(s3, manifest)
    listed = {_name(folder, item) for item in (*manifest.kept.values(), *manifest.announced)}
    alien = {name for name in listed if not known.fullmatch(name)}
    if not alien and not manifest.removing:
        return replace(manifest, kept=kept)
    seen = {partition: item for partition, item in kept.items() if known.fullmatch(_name(folder, item))}
    removing = (manifest.removing | alien) - {_name(folder, item) for item in seen.values()}
    return replace(manifest, kept=seen, removing=removing)


def _settled(s3: S3, manifest: Manifest) -> Mapping[Partition, Kept]:
    """What is kept of each partition, those included that are announced."""
    if not manifest.announced:
        return manifest.kept
    found = at_once(lambda kept: s3.state(S3Location.of(kept.entry.location)), manifest.announced)
    kept = dict(manifest.kept)
    for announced, state in zip(manifest.announced, found, strict=True):
        partition = announced.entry.partition
        if state and state.sha256 == announced.state.sha256:
            kept[partition] = Kept(replace(announced.entry, inputs=""), state)
        elif old := kept.get(partition):
            kept[partition] = Kept(replace(old.entry, inputs=""), old.state)
    return kept


def write_manifest(
    s3: S3,
    folder: S3Location,
    before: Manifest,
    kept: Iterable[Kept],
    announced: Iterable[Kept] = (),
    removing: Iterable[str] = (),
) -> Manifest:
    """Replace the manifest that was read as ``before``.

    Raises:
        ObjectChanged: somebody else has replaced it meanwhile.
    """
    root = str(folder)
    items = [_document(root, item) for item in sorted(kept, key=lambda item: item.entry.partition)]
    more = [_document(root, item) for item in announced]
    text = text_of(items, **({"publishing": more} if more else {}), **removing_list(removing))
    place, content = folder / MANIFEST_NAME, text.encode()
    body = Body(content, s3.put(place, content, before.etag).etag)
    _LATEST[str(place), s3] = body
    return _parsed(root, body.etag, body.content)


_LATEST: dict[tuple[str, S3], Body] = {}
"""The manifests that this process read last: S3 only says whether they are still the same."""


def _read(s3: S3, folder: S3Location) -> Manifest:
    place = folder / MANIFEST_NAME
    known = _LATEST.get((str(place), s3))
    try:
        body = s3.read(place, unless=known.etag if known else None) or known
    except ObjectMissing:
        return Manifest()
    if body is None:
        raise AssertionError("an object that is unchanged was known before")
    _LATEST[str(place), s3] = body
    return _parsed(str(folder), body.etag, body.content)


@lru_cache(maxsize=64)
def _parsed(folder: str, etag: str, content: bytes) -> Manifest:
    try:
        document = json.loads(content)
        kept = [_kept(folder, item) for item in document["partitions"]]
        announced = tuple(_kept(folder, item) for item in document.get("publishing", ()))
        removing = removing_of(document)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(f"{folder}/{MANIFEST_NAME}", error) from error
    return Manifest(etag, {item.entry.partition: item for item in kept}, announced, removing)


def _name(folder: S3Location, item: Kept) -> str:
    return name_of(str(folder), item.entry.location)


def _document(folder: str, item: Kept) -> dict[str, Any]:
    state = item.state
    version = {"version": state.version} if state.version else {}
    return {**document_of(folder, item.entry), "sha256": state.sha256, "etag": state.etag, **version}


def _kept(folder: str, item: Mapping[str, Any]) -> Kept:
    return Kept(entry_of(folder, item), State(item["etag"], item["bytes"], item["sha256"], item.get("version")))
