"""Publication: what a store remembers of a partition that readers can see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from retail_assets.contracts import Contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.partition import Partition
from retail_assets.engine.staging import Output, Staged


@dataclass(frozen=True)
class Published:
    """A partition that readers see: where it is, what it holds and what it was made from."""

    partition: Partition
    location: str
    rows: int
    bytes: int
    digest: str
    inputs: str
    code: str
    filled: Mapping[str, float] = field(default_factory=dict)

    @property
    def stored(self) -> StoredObject:
        """Its object, where its location is that of one."""
        return StoredObject(self.partition, self.location, self.rows, self.bytes, self.digest)


@dataclass(frozen=True)
class Publication:
    """An audited staged partition with what the store shall remember of it."""

    staged: Staged
    facts: Facts
    inputs: str
    code: str


def changed(known: Mapping[Partition, Published], publications: Iterable[Publication]) -> list[Publication]:
    """The publications that are not known as they are."""
    return [item for item in publications if not _is_same(known.get(item.staged.partition), item)]


class Store(Protocol):
    """Where datasets are kept: a lake or a warehouse."""

    @property
    def kind(self) -> str:
        """What it is, for people: 'parquet', 'duckdb'."""

    def version(self) -> str:
        """Changes whenever what readers see does."""

    def published(self, contract: Contract) -> dict[Partition, Published]:
        """Every partition that readers see, by partition."""

    def dataset(self, contract: Contract) -> Dataset:
        """The published partitions as an input for queries."""

    def staging(self) -> AbstractContextManager[Path]:
        """A private folder on the store's own disk, removed afterwards."""

    def writing(self, contract: Contract) -> AbstractContextManager[None]:
        """The right to write the dataset, which one run has at a time; waits for it."""

    def publish(self, output: Output, publications: Iterable[Publication]) -> int:
        """Show staged partitions to readers, each atomically; returns how many of them changed."""


def _is_same(known: Published | None, publication: Publication) -> bool:
    made = (publication.facts.rows, publication.facts.digest, publication.inputs, publication.code)
    return known is not None and (known.rows, known.digest, known.inputs, known.code) == made
