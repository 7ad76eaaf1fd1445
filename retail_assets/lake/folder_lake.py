"""A lake in a folder."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.durability import make_durable
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.private import private_folder
from retail_assets.engine.publication import Publication, Published
from retail_assets.engine.staging import Output
from retail_assets.lake.entries import given_up, published_entry
from retail_assets.lake.manifest import (
    ANNOUNCEMENT_NAME,
    MANIFEST_NAME,
    Manifest,
    announce,
    has_announcement,
    read_manifest,
    write_manifest,
)
from retail_assets.lake.tree import FolderTree


@dataclass(frozen=True)
class FolderLake:
    """Hive-partitioned Parquet below ``root``: one object per partition, replaced by one rename."""

    root: Path

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "parquet"

    def folder(self, contract: Contract) -> Path:
        """Where the dataset lives."""
        return self.root / contract.name

    def version(self) -> str:
        """Changes whenever a manifest does, or a run announces what it is about to publish: it may die over that."""
        found = sorted([*self.root.glob(f"*/{MANIFEST_NAME}"), *self.root.glob(f"*/{ANNOUNCEMENT_NAME}")])
        return ",".join(f"{path.parent.name}:{path.name}:{_changed_at(path)}" for path in found)

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        return dict(read_manifest(self.folder(contract), contract).published)

    def dataset(self, contract: Contract) -> Dataset:
        """The published partitions as an input for queries."""
        objects = tuple(entry.stored for entry in self.published(contract).values())
        return Dataset(contract, objects)

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder on the lake's own disk, so that publishing is a rename."""
        return private_folder(self.root / "_staging")

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to write the dataset."""
        return exclusive(self.root / "_locks" / f"{contract.name}.lock", f"writing {contract.name}")

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Rename staged objects into place, then name them in the manifest; unchanged objects stay untouched.

        Objects of an earlier partitioning go once the manifest names none of them.
        """
        folder = self.folder(output.contract)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = read_manifest(folder, output.contract)
        new = {
            item.staged.path: published_entry(item, str(self.root / output.object_path(item.staged.partition)))
            for item in publications
        }
        changed = {path: entry for path, entry in new.items() if not _holds_same(Path(entry.location), path)}
        if changed:
            self._move(folder, manifest, changed)
        after = {**manifest.published, **{entry.partition: entry for entry in new.values()}}
        gone = given_up(manifest.removing, str(folder), new.values())
        if gone or after != manifest.published:
            write_manifest(folder, after.values(), gone)
        if gone:
            for name in sorted(gone):
                FolderTree(folder).remove(name)
            write_manifest(folder, after.values())
        return len(changed)

    def _move(self, folder: Path, manifest: Manifest, moves: dict[Path, Published]) -> None:
        """Move files into place, so that it is known of each at any instant whether it has been moved."""
        if has_announcement(folder):  # of a run that died
            write_manifest(folder, manifest.published.values(), manifest.removing)
        make_durable(moves)
        announce(folder, moves)
        for path, entry in moves.items():
            target = Path(entry.location)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # since it was listed
        return None


def _holds_same(target: Path, staged: Path) -> bool:
    return target.exists() and filecmp.cmp(staged, target, shallow=False)
