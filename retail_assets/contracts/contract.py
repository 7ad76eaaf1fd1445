"""What a contract says, in the platform's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Column:
    """One column of a dataset: its name, DuckDB type, meaning and the values it may hold."""

    name: str
    type: str
    description: str
    required: bool = False
    partition_position: int | None = None
    key_position: int | None = None
    accepted: tuple[str, ...] = ()
    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    classification: str | None = None
    expression: str | None = None
    received: Literal["required", "optional"] | None = None
    watches_filled: bool = False
    aliases: tuple[str, ...] = ()
    """Names that the column has in other instances of its source."""
    default: str | None = None
    """The value, as text, of rows of a declared source that bring none."""

    @property
    def quoted(self) -> str:
        """The name as an SQL identifier."""
        return quote_identifier(self.name)

    @property
    def violations(self) -> dict[str, str]:
        """The column's own rules as SQL predicates that are true for a violating row, by rule name."""
        found = {
            "null": f"{self.quoted} IS NULL" if self.required else None,
            "not_accepted": f"{self.quoted} NOT IN ({_literals(self.accepted)})" if self.accepted else None,
            "too_small": f"{self.quoted} < {self.minimum}" if self.minimum is not None else None,
            "not_above": f"{self.quoted} <= {self.exclusive_minimum}" if self.exclusive_minimum is not None else None,
            "too_large": f"{self.quoted} > {self.maximum}" if self.maximum is not None else None,
            "too_short": f"length({self.quoted}) < {self.min_length}" if self.min_length is not None else None,
            "too_long": f"length({self.quoted}) > {self.max_length}" if self.max_length is not None else None,
        }
        return {f"{self.name}:{rule}": predicate for rule, predicate in found.items() if predicate}


@dataclass(frozen=True)
class Rule:
    """A named SQL predicate with its meaning: a reject reason, an exclusion or a quality rule."""

    name: str
    predicate: str
    description: str = ""
    severity: Severity = "error"


@dataclass(frozen=True)
class Contract:
    """One dataset: columns, grain, quality rules and the order of its reject reasons.

    A warehouse of several machines spreads the rows by ``distribution`` (a column, or ``all`` for a copy on each) and
    keeps them in the order of ``sort_key``.
    """

    name: str
    domain: str
    owner: str
    purpose: str
    usage: str
    limitations: str
    grain: str
    columns: tuple[Column, ...]
    row_rules: tuple[Rule, ...] = ()
    table_rules: tuple[Rule, ...] = ()
    excluded_reasons: tuple[Rule, ...] = ()
    reject_reasons: tuple[Rule, ...] = ()
    parquet_version: int = 1
    """Version of the Parquet format whose encodings its objects use: 2 reads faster, 1 is read by older tools too."""
    distribution: str | None = None
    sort_key: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Columns of the source that are known and never read."""
    path: str = ""
    """Its file: below this package's contracts, or absolute where users brought it."""
    digest: str = ""

    @property
    def partition_columns(self) -> tuple[Column, ...]:
        """The columns that live in the path of an object, outermost folder first."""
        chosen = [column for column in self.columns if column.partition_position is not None]
        return tuple(sorted(chosen, key=lambda column: column.partition_position or 0))

    @property
    def is_dated(self) -> bool:
        """Whether it is partitioned by date."""
        return any(column.name == "date" for column in self.partition_columns)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns inside each object: all but the partition columns."""
        return tuple(column for column in self.columns if column.partition_position is None)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns whose values together are unique: the grain."""
        chosen = [column for column in self.columns if column.key_position is not None]
        return tuple(sorted(chosen, key=lambda column: column.key_position or 0))

    @property
    def watched_columns(self) -> tuple[Column, ...]:
        """The columns whose share of filled values is measured in every partition."""
        return tuple(column for column in self.columns if column.watches_filled)

    @property
    def received_columns(self) -> tuple[Column, ...]:
        """The columns that an incoming file brings."""
        return tuple(column for column in self.columns if column.received)

    @property
    def place(self) -> str:
        """Its file, for people."""
        return self.path if Path(self.path).is_absolute() else f"retail_assets/contracts/{self.path}"

    def column(self, name: str) -> Column:
        """The column of that name; KeyError names the columns that there are."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {', '.join(c.name for c in self.columns)}")


def quote_identifier(name: str) -> str:
    """A name as an SQL identifier: quoted, quotes inside doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: str | int | float | date | datetime | Decimal | None) -> str:
    """A value as an SQL literal; text, dates and times are quoted, with quotes inside doubled."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return repr(value) if isinstance(value, float) else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _literals(values: tuple[str, ...]) -> str:
    return ", ".join(quote_literal(value) for value in values)
