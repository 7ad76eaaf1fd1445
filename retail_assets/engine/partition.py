"""Partitions: which slice of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from urllib.parse import quote

NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, order=True)
class Partition:
    """One partition: its column values, sorted by column name. An unpartitioned dataset has one, without values."""

    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str] | None = None, /, **named: str) -> Partition:
        """The partition with these column values."""
        return cls(tuple(sorted({**(values or {}), **named}.items())))

    @classmethod
    def parse(cls, key: str, columns: Iterable[str]) -> Partition:
        """The partition of a Dagster key: values joined by '|', in the order of the column names.

        Raises:
            ValueError: the key has another number of values than there are columns.
        """
        names = sorted(columns)
        parts = key.split("|") if names else []
        if len(parts) != len(names):
            raise ValueError(f"partition key {key!r} does not fit the columns {names}")
        return cls(tuple(zip(names, parts, strict=True)))

    @property
    def key(self) -> str:
        """The partition as a Dagster key, such as ``2019-10-01|brand``; ``all`` when there are no columns."""
        return "|".join(value for _, value in self.values) or "all"

    @property
    def date(self) -> Date | None:
        """The date of the partition, where it has one."""
        text = self.get("date")
        return Date.fromisoformat(text) if text else None

    def get(self, column: str) -> str | None:
        """The value of a column, where the partition has it."""
        return next((value for name, value in self.values if name == column), None)


def dates_of(partitions: Iterable[Partition]) -> set[str]:
    """The dates of those that have one."""
    return {day for partition in partitions if (day := partition.get("date"))}


def folder_of(values: Iterable[tuple[str, str | None]]) -> str:
    """Hive folders such as ``key_type=brand/date=2019-10-01``, values percent-encoded, NULL as Hive writes it."""
    return "/".join(f"{name}={NULL_FOLDER if value is None else quote(value, safe='')}" for name, value in values)
