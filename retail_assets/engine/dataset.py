"""Datasets at rest, lazily: which objects hold which partitions. No rows pass through here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.partition import Partition
from retail_assets.engine.s3_location import is_s3
from retail_assets.engine.s3_reading import allow_reading, read_again
from retail_assets.settings import S3Settings, settings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class StoredObject:
    """One Parquet file and the partition that it holds, or holds a part of."""

    partition: Partition
    location: str
    rows: int
    bytes: int
    digest: str


@dataclass(frozen=True)
class Dataset:
    """A dataset's published objects, as an input of a query.

    ``lookback_days`` says how many days before its own date a partition of the reading dataset looks. ``s3`` is how
    objects on S3 are reached; without it, as the environment says.
    """

    contract: Contract
    objects: tuple[StoredObject, ...]
    lookback_days: int = 0
    s3: S3Settings | None = None
    slices: Mapping[str, str] | None = field(default=None, hash=False)
    """Of objects that hold many dates, a digest of the rows of each date, where a partition depends on no others."""

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.contract.name

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """The partitions that have been published, in order."""
        return tuple(sorted({stored.partition for stored in self.objects}))

    @property
    def bytes(self) -> int:
        """Size of all objects together."""
        return sum(stored.bytes for stored in self.objects)

    @property
    def is_on_s3(self) -> bool:
        """Whether it has objects on S3, which others may replace while they are read."""
        return any(is_s3(stored.location) for stored in self.objects)

    def cut_by(self, slices: Mapping[str, str]) -> Dataset:
        """The same objects, of which a date depends on its own rows alone; ``slices`` are their digests by date."""
        return replace(self, slices=slices)

    def looking_back(self, days: int) -> Dataset:
        """The same objects, read with a trailing window of ``days`` before each date."""
        return replace(self, lookback_days=days)

    def needed_by(self, partitions: Iterable[Partition]) -> Dataset:
        """The same dataset with only the objects that these partitions of the reading dataset depend on."""
        needed = {
            stored: None for partition in partitions for stored in self._objects_for(partition, self.lookback_days)
        }
        return replace(self, objects=tuple(sorted(needed, key=lambda stored: (stored.partition, stored.location))))

    def on_same_date(self, partition: Partition) -> tuple[StoredObject, ...]:
        """The objects that the partition depends on, without the look-back."""
        return self._objects_for(partition, 0)

    def relation(self) -> str:
        """A SELECT over the objects, in DuckDB's dialect, with the contract's columns; empty without objects."""
        columns = self.contract.columns
        if not self.objects:
            nothing = ", ".join(f"NULL::{column.type} AS {column.quoted}" for column in columns)
            return f"SELECT {nothing} WHERE false"
        names = ", ".join(column.quoted for column in columns)
        paths = ", ".join(quote_literal(stored.location) for stored in self.objects)
        kinds = ", ".join(f"{column.quoted}: {column.type}" for column in self.contract.partition_columns)
        hive = f", hive_partitioning = true, hive_types = {{{kinds}}}" if kinds else ""
        return f"SELECT {names} FROM read_parquet([{paths}]{hive})"

    def open_to(self, connection: DuckDBPyConnection) -> None:
        """Let the connection read the objects: those on S3 take credentials, which the relation does not hold."""
        allow_reading(connection, (stored.location for stored in self.objects), self.s3 or settings().s3)

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table, for small datasets and other people's tools."""
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            self.open_to(connection)

            def read() -> pa.Table:
                return connection.execute(self.relation()).to_arrow_table()

            return read_again(read) if self.is_on_s3 else read()

    def to_pandas(self) -> pd.DataFrame:
        """All rows as a pandas frame, for small datasets and other people's tools."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    @cached_property
    def _index(self) -> dict[tuple[tuple[str, str], ...], dict[str | None, list[StoredObject]]]:
        """Objects by their values but the date, then by date."""
        index: dict[tuple[tuple[str, str], ...], dict[str | None, list[StoredObject]]] = {}
        for stored in self.objects:
            others = tuple(pair for pair in stored.partition.values if pair[0] != "date")
            index.setdefault(others, defaultdict(list))[stored.partition.get("date")].append(stored)
        return index

    def _objects_for(self, partition: Partition, lookback_days: int) -> tuple[StoredObject, ...]:
        found: list[StoredObject] = []
        for others, by_date in self._index.items():
            if any((mine := partition.get(name)) is not None and mine != value for name, value in others):
                continue
            for day in _days_for(partition, by_date, lookback_days):
                found.extend(by_date.get(day, ()))
        return tuple(found)


def _days_for(
    partition: Partition, by_date: dict[str | None, list[StoredObject]], lookback_days: int
) -> Iterable[str | None]:
    day = partition.get("date")
    return by_date if day is None else (None, *_window(day, lookback_days))


@lru_cache(maxsize=4096)
def _window(day: str, lookback_days: int) -> tuple[str, ...]:
    """The dates of the window that ends with this one: the same for all key types, and asked for again and again."""
    last = date.fromisoformat(day)
    return tuple((last - timedelta(days=back)).isoformat() for back in range(lookback_days, -1, -1))


@dataclass(frozen=True)
class Frame:
    """An Arrow table in memory, as an input of a query. ``digest`` stands for its content."""

    table: pa.Table
    digest: str

    def needed_by(self, partitions: Iterable[Partition]) -> Frame:
        """All of it: which rows belong to a partition is the query's business."""
        return self


@dataclass(frozen=True)
class Rows:
    """A small literal table, as an input of a query. Rows with a ``date`` belong to the partitions of that date."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> Rows:
        """A literal table with these column types (DuckDB's names)."""
        return cls(tuple(columns.items()), tuple(tuple(row) for row in rows))

    def needed_by(self, partitions: Iterable[Partition]) -> Rows:
        """Only the rows of the partitions' dates, where both have one."""
        names = [name for name, _ in self.columns]
        days = {partition.date for partition in partitions}
        if "date" not in names or None in days:
            return self
        position = names.index("date")
        return replace(self, rows=tuple(row for row in self.rows if row[position] in days))
