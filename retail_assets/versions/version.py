"""One version of a dataset: what it holds, what it was made from, and the digest that says when two are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from retail_assets.contracts import Column, Contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.partition import Partition

REMEMBERED = ("name", "type", "description", "required", "partition_position", "key_position")
"""What a version remembers of a column; rules for its values were those of publication."""


@dataclass(frozen=True)
class VersionFile:
    """A file of a version: its path below the version's folder, and what it holds.

    ``digest`` is the lake's own, over rows in any order. ``mtime_ns`` tells whether the file was touched since its
    SHA-256 was taken; it is no content.
    """

    path: str
    partition: Partition
    rows: int
    bytes: int
    sha256: str
    digest: str
    mtime_ns: int


@dataclass(frozen=True)
class SourceFile:
    """A landed file that the version's dates came from: its content, and its rows on those dates.

    ``sha256`` holds only the first digits where the file was replaced since by one that is blocked.
    """

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Origin:
    """What a version was made from and by.

    ``stale_dates`` were waiting to be made again when the version was published: of these, ``sources`` may name files
    that the version does not hold yet. ``code`` holds the digests of the code that made the partitions: one, unless
    the code has changed between runs.
    """

    package: str
    code: tuple[str, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    stale_dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    """A published snapshot. Its files never change."""

    name: str
    number: int
    folder: Path
    columns: tuple[Column, ...]
    files: tuple[VersionFile, ...]
    origin: Origin
    created_at: str

    @property
    def reference(self) -> str:
        """How people call it: ``retail_aggregates:3``."""
        return f"{self.name}:{self.number}"

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def dates(self) -> list[str]:
        """The dates that it has, in order."""
        return self._values("date")

    @property
    def key_types(self) -> list[str]:
        """The key types that it has, in order."""
        return self._values("key_type")

    @cached_property
    def digest(self) -> str:
        """Stands for the content: names and types of the columns, paths and bytes of the files."""
        schema = [(column.name, column.type, column.partition_position) for column in self.columns]
        files = sorted((file.path, file.sha256) for file in self.files)
        return hashlib.sha256(json.dumps([schema, files]).encode()).hexdigest()

    def dataset(self) -> Dataset:
        """The version as a lazy dataset: an input for queries, an Arrow table or a pandas frame."""
        objects = [
            StoredObject(file.partition, str(self.folder / file.path), file.rows, file.bytes, file.digest)
            for file in self.files
        ]
        return Dataset(self.contract(), tuple(objects))

    def contract(self) -> Contract:
        """The columns as they were when the version was published."""
        return Contract(
            name=self.name,
            domain="",
            owner="",
            purpose=f"Version {self.number} of {self.name}.",
            usage="",
            limitations="",
            grain="",
            columns=self.columns,
        )

    @staticmethod
    def remembered(columns: Iterable[Column]) -> tuple[Column, ...]:
        """The columns as a version remembers them."""
        return tuple(Column(**{name: getattr(column, name) for name in REMEMBERED}) for column in columns)

    def _values(self, column: str) -> list[str]:
        return sorted({value for file in self.files if (value := file.partition.get(column)) is not None})
