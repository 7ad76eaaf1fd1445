"""The rows of a file as text, whatever its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReceivedRows:
    """A SELECT of every row of a file.

    Its columns are the names that the contract reads and the file has, all text; ``source_row``, the number of the
    row's first line, or of the row in Parquet; ``_damage`` and ``_line``, the reason and the text of a line that is no
    record.
    """

    sql: str
    names: frozenset[str]
    rows: int
    """How many rows it must yield: what is read is held against it."""
    notes: Mapping[str, str] = field(default_factory=dict)


NO_DAMAGE = "NULL::VARCHAR AS _damage, NULL::VARCHAR AS _line"
