"""What differs between two versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Number = int | float | Decimal


@dataclass(frozen=True)
class Counts:
    """How many of something one version has more, has less, or has otherwise."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(self.added + other.added, self.removed + other.removed, self.changed + other.changed)


@dataclass(frozen=True)
class Largest:
    """The row of both versions in which a metric differs most, by how much; of several the last by date and key."""

    difference: Number
    date: date
    key_value: str


@dataclass(frozen=True)
class MetricDifference:
    """A numeric column: rows of both versions whose values differ, and its sums.

    The sums are over the rows that differ, those of one version only included: their difference is that of the whole
    versions. Values of type DOUBLE are summed as decimals, so that the order of rows does not matter.
    """

    rows_changed: int
    sum_before: Number | None
    sum_after: Number | None
    largest: Largest | None


@dataclass(frozen=True)
class KeyTypeDifference:
    """What differs in one key type. A key is added when the other version has it on no date at all."""

    key_type: str
    rows_before: int
    rows_after: int
    rows: Counts
    keys: Counts
    metrics: Mapping[str, MetricDifference]


@dataclass(frozen=True)
class Difference:
    """What differs between two versions, by their references."""

    before: str
    after: str
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_retyped: tuple[tuple[str, str, str], ...]
    """Name, type before and type after."""
    partitions: Counts
    key_types: tuple[KeyTypeDifference, ...]

    @property
    def is_none(self) -> bool:
        """Whether the two hold the same rows and columns."""
        columns = self.columns_added or self.columns_removed or self.columns_retyped
        return not columns and all(item.rows == Counts() for item in self.key_types)
