"""Publish a version: link what the lake has published, make sure that it is that, and show it in one step.

A version is built in a private folder and shown by one rename, so that a process that dies at any instant leaves either
no version or a whole one. What it left behind is removed by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition, folder_of
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Published, Store
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.settings import Settings
from retail_assets.versions.content import bring, describe
from retail_assets.versions.manifest import write_manifest
from retail_assets.versions.shelf import Shelf
from retail_assets.versions.version import Origin, Version

OriginOf = Callable[[Sequence[str]], Origin]
"""Says what these dates were made from."""


@dataclass(frozen=True)
class Outcome:
    """The version that the dataset is now, whether it was made just now, and the highest number."""

    version: Version
    is_new: bool
    latest: int


@dataclass(frozen=True)
class Publisher:
    """Publishes the versions of one dataset of a store on the local disk."""

    shelf: Shelf
    store: Store
    contract: Contract
    settings: Settings
    origin: OriginOf

    def publish(self, number: int | None = None) -> Outcome:
        """The version that the dataset is now: a new one, unless an earlier one has the same content.

        Raises:
            ValueError: there is nothing to publish; the number is another version's or not the next one; or an object
                is not the one that the dataset's manifest names. Nothing is published then.
        """
        root, name = self.shelf.root, self.shelf.name
        lock = exclusive(root / "_locks" / f"{name}.lock", f"publishing {name}")
        with lock, private_folder(root / "_staging") as private:
            return self._publish(private / name, number)

    def _publish(self, staged: Path, number: int | None) -> Outcome:
        numbers = self.shelf.numbers()
        latest = numbers[-1] if numbers else 0
        draft = self._draft(staged, latest)
        same = next((known for known in self.shelf.versions() if known.digest == draft.digest), None)
        self._require(number, draft, same)
        if same:
            return Outcome(same, is_new=False, latest=latest)
        version = replace(draft, origin=replace(self.origin(draft.dates), code=draft.origin.code))
        write_manifest(version, staged)
        version.folder.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(version.folder)
        return Outcome(version, is_new=True, latest=version.number)

    def _draft(self, staged: Path, latest: int) -> Version:
        """The next version, as it stands in the private folder."""
        entries = self._link(staged)
        if not entries:
            raise ValueError(f"there are no {self.contract.name} to publish yet. Run `retail backfill` first.")
        previous = self.shelf.version(latest) if latest else None
        return Version(
            name=self.shelf.name,
            number=latest + 1,
            folder=self.shelf.folder / str(latest + 1),
            columns=Version.remembered(self.contract.columns),
            files=describe(self.settings, self.contract, entries, staged, previous),
            origin=Origin(package="", code=tuple(sorted({entry.code for entry in entries.values()}))),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _link(self, staged: Path) -> dict[str, Published]:
        """Link every published object into the private folder, by path; meanwhile no run writes the dataset."""
        with self.store.writing(self.contract):
            published = self.store.published(self.contract)
            entries = {self._path(partition): entry for partition, entry in sorted(published.items())}
            for path, entry in entries.items():
                bring(entry, staged / path, self.settings)
        return entries

    def _path(self, partition: Partition) -> str:
        values = [(column.name, partition.get(column.name)) for column in self.contract.partition_columns]
        return f"{folder_of(values)}/{OBJECT_NAME}"

    def _require(self, number: int | None, draft: Version, same: Version | None) -> None:
        """Refuse a number that the content does not have and cannot get."""
        if number is None or number == (same or draft).number:
            return
        wanted = f"{draft.name}:{number}"
        if same:
            is_there = "which holds other content" if number in self.shelf.numbers() else "which does not exist"
            reason = f"{self.contract.name} are {same.reference} already, not {wanted}, {is_there}"
        elif number in self.shelf.numbers():
            reason = f"{wanted} exists and holds other content, and a version never changes"
        else:
            reason = f"{wanted} is not the next version, which is {draft.reference}"
        raise ValueError(f"{reason}. Nothing was published; without --version it would be {(same or draft).reference}.")
