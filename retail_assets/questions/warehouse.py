"""The warehouse as those see it who ask it questions, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Value = str | int | float | date | None
Values = Mapping[str, Value | Sequence[Value]]
PREPARED = re.compile(r"\b(daily_totals|key_totals)\b")
"""Sums over the large tables that many questions start from: files in ``sql/dashboard/prepared``."""


class UnreadableWarehouse(ValueError):
    """There is a warehouse, but it cannot be read; the message says what to do."""


class Warehouse(Protocol):
    """Tables that can be asked, wherever they live. It may be shared by threads."""

    def state(self) -> str:
        """Changes whenever readers would see something else; empty where nothing was ever published."""
        ...

    def published_at(self) -> datetime | None:
        """When the state was published, where that is known (UTC)."""
        ...

    def tables(self) -> frozenset[str]:
        """The names of the tables that there are; none where nothing was ever published.

        Raises:
            UnreadableWarehouse: it cannot be read.
        """
        ...

    def ask(self, question: str, **values: Value | Sequence[Value]) -> pa.Table:
        """The answer to ``sql/dashboard/<question>.sql`` with these values for its ``$names``, which are bound.

        Raises:
            UnreadableWarehouse: there is none, or it cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def expanded(sql: str, values: Values) -> tuple[str, dict[str, Value]]:
    """The query with a place of its own for every item of a list, and the values by place: never pasted."""
    bound: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, str) or not isinstance(value, Sequence):
            bound[name] = value
            continue
        places = {f"{name}_{number}": item for number, item in enumerate(value)}
        sql = re.sub(rf"\${name}\b", ", ".join(f"${place}" for place in places) or "NULL", sql)
        bound |= places
    return sql, bound
