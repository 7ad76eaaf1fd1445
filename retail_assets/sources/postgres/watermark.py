"""Up to where a table was read, in PostgreSQL's own numbers of transactions: no column that users may set decides.

Every version of a row carries the number of the transaction that wrote it (``xmin``), whatever its ``last_update``
says, and so do the rows of tables that have none. A snapshot knows the oldest transaction that was still open in it,
its horizon: what older ones wrote was seen, and what is seen later for the first time, late commits included, carries
a number from the horizon on. Some rows are read twice that way, but none is missed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from retail_assets.contracts.contract import quote_literal
from retail_assets.sources.postgres.catalogue import PARTS
from retail_assets.sources.postgres.connection import Source

NUMBERS = 2**32
"""Rows keep so many bits of a number only; two compare rightly while less than half of that lies between them."""

_MOMENT = """
    SELECT pg_snapshot_xmin(seen)::text::int8, pg_snapshot_xmax(seen)::text::int8 FROM pg_current_snapshot() AS seen
"""

# Views, foreign tables and other kinds of storage keep no such numbers.
_STORED = """
    SELECT
        parts.root::text,
        string_agg(relation.oid::text, ' ' ORDER BY relation.oid),
        bool_and(relation.relkind = 'p' OR relation.relkind = 'r' AND method.amname = 'heap'),
        coalesce(min(key.indkey::text), '')
    FROM parts
    JOIN pg_catalog.pg_class AS relation ON relation.oid = parts.oid
    LEFT JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam
    LEFT JOIN pg_catalog.pg_index AS key
        ON key.indrelid = relation.oid AND key.indisprimary AND key.indisvalid AND relation.relname = parts.root
    GROUP BY parts.root
"""


@dataclass(frozen=True)
class Watermark:
    """Up to where a table was read, in which form, and when it was last read as a whole."""

    horizon: int
    form: str
    whole_at: str

    def allows(self, moment: Moment, form: str, full_after_days: int) -> bool:
        """Whether what was written since leads from there to the snapshot of this moment."""
        age = datetime.now(UTC) - datetime.fromisoformat(self.whole_at)
        is_near = 0 <= moment.following - self.horizon < NUMBERS // 2
        return bool(form) and form == self.form and is_near and age < timedelta(days=full_after_days)

    @property
    def is_later(self) -> str:
        """The condition that a row was written by a transaction from the horizon on, in PostgreSQL's SQL."""
        return f"age(xmin) <= (SELECT age('{self.horizon % NUMBERS}'::xid))"


@dataclass(frozen=True)
class Moment:
    """A snapshot: the oldest transaction that was open in it, the one that follows, and how its tables are stored."""

    horizon: int
    following: int
    parts: Mapping[str, str]
    """What each table consists of, for those whose rows carry numbers."""
    keys: Mapping[str, frozenset[int]]
    """The columns of each primary key, by their numbers."""

    @classmethod
    def of(cls, source: Source, schema: str) -> Moment:
        """The moment of this snapshot.

        Raises:
            SourceError: the database cannot be asked.
        """
        ((horizon, following),) = source.rows(_MOMENT)
        rows = source.rows(PARTS.format(where=f"namespace.nspname = {quote_literal(schema)}") + _STORED)
        parts = {table: found for table, found, has_numbers, _ in rows if has_numbers}
        keys = {table: frozenset(map(int, numbers.split())) for table, *_, numbers in rows}
        return cls(horizon, following, parts, keys)

    def form(self, source: Source, table: str, *reading: object) -> str:
        """A digest of what a table consists of and how it is read; empty where its rows carry no numbers to go by.

        A partition that is attached brings rows with old numbers, a column that is dropped and added again other values
        without new ones: then the form is another one.
        """
        if not source.server or table not in self.parts:
            return ""
        parts = [source.server, self.parts[table], *reading]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:24]
