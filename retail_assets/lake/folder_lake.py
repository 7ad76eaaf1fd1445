"""A lake in a folder."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published
from retail_assets.engine.staging import Output
from retail_assets.lake.manifest import MANIFEST_NAME, read_manifest, write_manifest


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
        """Changes whenever a manifest does."""
        found = sorted(self.root.glob(f"*/{MANIFEST_NAME}"))
        return ",".join(f"{path.parent.name}:{path.stat().st_mtime_ns}" for path in found)

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see."""
        return read_manifest(self.folder(contract))

    def dataset(self, contract: Contract) -> Dataset:
        """The published partitions as an input for queries."""
        entries = self.published(contract).values()
        objects = [StoredObject(e.partition, e.location, e.rows, e.bytes, e.digest) for e in entries]
        return Dataset(contract, tuple(objects))

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A private folder on the lake's own disk, so that publishing is a rename."""
        below = self.root / "_staging"
        below.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=below, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to write the dataset."""
        return exclusive(self.root / "_locks" / f"{contract.name}.lock", f"writing {contract.name}")

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Rename staged objects into place, then name them in the manifest; unchanged objects stay untouched."""
        folder = self.folder(output.contract)
        folder.mkdir(parents=True, exist_ok=True)
        entries = read_manifest(folder)
        before, changed = dict(entries), 0
        for publication in publications:
            partition = publication.staged.partition
            target = self.root / output.object_path(partition)
            entry = _entry(publication, target)
            changed += _replace(publication.staged.path, target)
            entries[partition] = entry
        if entries != before:
            write_manifest(folder, entries.values())
        return changed


def _entry(publication: Publication, target: Path) -> Published:
    return Published(
        partition=publication.staged.partition,
        location=str(target),
        rows=publication.facts.rows,
        bytes=publication.staged.bytes,
        digest=publication.facts.digest,
        inputs=publication.inputs,
        code=publication.code,
        filled=publication.facts.filled,
    )


def _replace(staged: Path, target: Path) -> bool:
    """Move the staged object into place; False where the target already holds the same bytes."""
    if target.exists() and filecmp.cmp(staged, target, shallow=False):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)
    return True
