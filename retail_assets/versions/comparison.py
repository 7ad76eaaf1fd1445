"""Compare two versions.

Only partitions whose SHA-256 differ are read, some at a time, so that memory stays bounded. Of the others at most the
keys are read, where a key seems to be new or gone: it may stand in a partition that both versions share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from string import Template
from typing import TYPE_CHECKING, Any

from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import MEBIBYTE, memory_limit_mb, session
from retail_assets.settings import Settings
from retail_assets.versions.difference import Counts, Difference, KeyTypeDifference, Largest, MetricDifference
from retail_assets.versions.pairing import GRAIN, Pairing
from retail_assets.versions.version import Version, VersionFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHARE_OF_MEMORY = 64
"""Files of one pass together fill at most this part of DuckDB's memory: they grow more than tenfold when joined."""
MEASURES = 4
Files = dict[str, VersionFile]


def compare(before: Version, after: Version, settings: Settings) -> Difference:
    """What differs between two versions.

    Raises:
        ValueError: a file that must be read is gone; the message names it.
    """
    pairing = Pairing(before.columns, after.columns)
    old, new = _by_path(before.files), _by_path(after.files)
    differing = sorted(path for path in old.keys() | new.keys() if not _is_same(old.get(path), new.get(path)))
    with session(settings) as connection:
        reading = _Reading(connection, before, after, pairing)
        for paths in _batches(differing, old, new, memory_limit_mb(settings) * MEBIBYTE // SHARE_OF_MEMORY):
            reading.read(_chosen(old, paths), _chosen(new, paths))
        keys = reading.keys()
    return Difference(
        before=before.reference,
        after=after.reference,
        columns_added=pairing.added,
        columns_removed=pairing.removed,
        columns_retyped=pairing.retyped,
        partitions=Counts(
            added=len(new.keys() - old.keys()),
            removed=len(old.keys() - new.keys()),
            changed=sum(path in old and path in new for path in differing),
        ),
        key_types=tuple(
            KeyTypeDifference(
                key_type=key_type,
                rows_before=_rows(before, key_type),
                rows_after=_rows(after, key_type),
                rows=reading.rows[key_type],
                keys=keys.get(key_type, Counts()),
                metrics={name: reading.metrics[key_type, name].result(kind) for name, kind in pairing.metrics.items()},
            )
            for key_type in sorted({*before.key_types, *after.key_types})
        ),
    )


@dataclass
class _Sums:
    """A metric of one key type over the partitions read so far."""

    changed: int = 0
    before: Any = None
    after: Any = None
    largest: tuple[Any, ...] = ()

    def add(self, changed: int, before: Any, after: Any, largest: dict[str, Any] | None) -> None:
        self.changed += changed
        self.before = _plus(self.before, before)
        self.after = _plus(self.after, after)
        self.largest = max(self.largest, tuple(largest.values()) if largest else ())

    def result(self, kind: str) -> MetricDifference:
        sums = (self.before, self.after)
        before, after = (float(value) if kind == "double" and value is not None else value for value in sums)
        return MetricDifference(self.changed, before, after, Largest(*self.largest) if self.largest else None)


@dataclass
class _Reading:
    """Reads partitions that differ and adds up what it finds."""

    connection: DuckDBPyConnection
    before: Version
    after: Version
    pairing: Pairing
    rows: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    metrics: dict[tuple[str, str], _Sums] = field(default_factory=lambda: defaultdict(_Sums))

    def __post_init__(self) -> None:
        columns = "key_type VARCHAR, key_value VARCHAR, is_before BOOLEAN, is_after BOOLEAN"
        self.connection.execute(f"CREATE TEMP TABLE touched_keys ({columns})")

    def read(self, before: list[VersionFile], after: list[VersionFile]) -> None:
        """Compare these partitions with each other."""
        self._view("before_rows", _dataset(self.before, before))
        self._view("after_rows", _dataset(self.after, after))
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE pairs AS {self.pairing.pairs()}")
        for key_type, added, removed, changed, *values in self.connection.execute(self.pairing.rows()).fetchall():
            self.rows[key_type] += Counts(added, removed, changed)
            for position, name in enumerate(self.pairing.metrics):
                self.metrics[key_type, name].add(*values[position * MEASURES : (position + 1) * MEASURES])
        self.connection.execute(f"INSERT INTO touched_keys {_touched('pairs')}")

    def keys(self) -> dict[str, Counts]:
        """What became of the keys whose rows differ, by key type."""
        self.connection.execute(f"CREATE TEMP TABLE touched AS {_touched('touched_keys')}")
        for side, version in (("before", self.before), ("after", self.after)):
            sought = f"SELECT DISTINCT key_type FROM touched WHERE NOT is_{side}"
            key_types = {key_type for (key_type,) in self.connection.execute(sought).fetchall()}
            files = [file for file in version.files if file.partition.get("key_type") in key_types]
            self._view(f"{side}_keys", _only_grain(_dataset(version, files)))
        found = self.connection.execute(sql_text("versions/keys")).fetchall()
        return {key_type: Counts(*counts) for key_type, *counts in found}

    def _view(self, name: str, dataset: Dataset) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {dataset.relation()}")


def _touched(source: str) -> str:
    return Template(sql_text("versions/touched_keys")).substitute(rows=source)


def _plus(left: Any, right: Any) -> Any:
    """The sum, as SQL has it: what is not there counts for nothing, unless neither is."""
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _dataset(version: Version, files: list[VersionFile]) -> Dataset:
    """Some files of a version as a dataset."""
    for file in files:
        if not (version.folder / file.path).exists():
            raise ValueError(
                f"{version.folder / file.path} of {version.reference} is gone. "
                f"`retail versions --verify` names all that is damaged; restore it from a backup."
            )
    return replace(version, files=tuple(files)).dataset()


def _only_grain(dataset: Dataset) -> Dataset:
    columns = tuple(column for column in dataset.contract.columns if column.name in GRAIN)
    return replace(dataset, contract=replace(dataset.contract, columns=columns))


def _by_path(files: Iterable[VersionFile]) -> Files:
    return {file.path: file for file in files}


def _is_same(before: VersionFile | None, after: VersionFile | None) -> bool:
    return before is not None and after is not None and before.sha256 == after.sha256


def _chosen(files: Files, paths: Iterable[str]) -> list[VersionFile]:
    return [files[path] for path in paths if path in files]


def _batches(paths: Iterable[str], before: Files, after: Files, most_bytes: int) -> Iterator[list[str]]:
    """The paths in groups whose files together are no larger than that, or one at a time."""
    batch: list[str] = []
    held = 0
    for path in paths:
        size = sum(files[path].bytes for files in (before, after) if path in files)
        if batch and held + size > most_bytes:
            yield batch
            batch, held = [], 0
        batch.append(path)
        held += size
    if batch:
        yield batch


def _rows(version: Version, key_type: str) -> int:
    return sum(file.rows for file in version.files if file.partition.get("key_type") == key_type)
