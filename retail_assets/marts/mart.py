"""What a mart is, and what may be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.audit import Audit

GROUP = "marts"
"""The group that the UI shows them in."""


class MartError(ValueError):
    """What is wrong in which file of a mart, with line and column where they are known."""

    def __init__(self, path: Path, message: str, place: tuple[int, int] | None = None) -> None:
        where = f"{path}:{place[0]}:{place[1]}" if place else str(path)
        super().__init__(f"{where}: {message}")
        self.path = path
        self.place = place


@dataclass(frozen=True)
class Mart:
    """A dataset that a user describes: a SELECT over datasets of the lake, and a contract.

    ``reads`` are the datasets that the SQL names, ``windows`` the days before its own that a date looks back on some of
    them. ``is_ordered``: the SQL says itself in which order rows are written.
    """

    name: str
    sql_file: Path
    sql: str
    contract: Contract
    reads: tuple[str, ...]
    windows: tuple[tuple[str, int], ...] = ()
    checks: tuple[Audit, ...] = ()
    has_table: bool = True
    is_ordered: bool = False

    @property
    def is_dated(self) -> bool:
        """Whether it has a partition a date; else it is one table."""
        return bool(self.contract.partition_columns)

    @property
    def query(self) -> str:
        """The SQL, held to the dates that it is asked for, in the order of the grain where it says none of its own."""
        guard = f"\nWHERE {_is_asked_for(self.name)}" if self.is_dated else ""
        keys = [column.quoted for column in self.contract.key_columns]
        order = f"\nORDER BY {', '.join(keys)}" if keys and not self.is_ordered else ""
        return f"SELECT *\nFROM (\n{self.sql}\n) AS mart{guard}{order}"


@dataclass(frozen=True)
class BrokenMart:
    """A mart that cannot be made, and why. What reads it goes on with what is published of it.

    ``is_named``: the name at least is its own, and one that a dataset may have.
    """

    name: str
    error: MartError = field(compare=False)
    contract: Contract | None = None
    is_named: bool = True


def select_all(contract: Contract) -> str:
    """A mart's rows as they are, in the order of the grain: what its table in the warehouse holds."""
    keys = ", ".join(column.quoted for column in contract.key_columns)
    return f"SELECT *\nFROM {quote_identifier(contract.name)}" + (f"\nORDER BY {keys}" if keys else "")


def _is_asked_for(name: str) -> str:
    """True for rows of the dates that are asked for, an error for others: they would be written as of a wrong date."""
    said = quote_literal(f"{name} yields rows of another date than the one that it is made for: ")
    mend = quote_literal(". Select the date from requested_partitions, or group by that of what it reads")
    wrong = f"error({said} || coalesce(mart.date::VARCHAR, 'NULL') || {mend})"
    return f"CASE WHEN mart.date IN (SELECT date FROM requested_partitions) THEN true ELSE {wrong} END"
