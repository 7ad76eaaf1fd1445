"""Whether the database has changed, without reading its tables: the counters that PostgreSQL keeps anyway."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from retail_assets.contracts.contract import quote_literal
from retail_assets.sources.postgres.catalogue import PARTS
from retail_assets.sources.postgres.connection import Source

# The counters of a partitioned table are those of its partitions. They arrive up to a second, of a busy session up to a
# minute, after the commit; a truncated or new table is another file.
_COUNTERS = """
    SELECT
        parts.root::text,
        relation.relfilenode::int8,
        relation.relnatts::int8,
        coalesce(counted.n_tup_ins + counted.n_tup_upd + counted.n_tup_del, 0)::int8
    FROM parts
    JOIN pg_catalog.pg_class AS relation ON relation.oid = parts.oid
    LEFT JOIN pg_catalog.pg_stat_all_tables AS counted ON counted.relid = parts.oid
    ORDER BY parts.root, relation.oid
"""


def fingerprint(source: Source, schema: str, tables: Iterable[str]) -> str:
    """A text that changes whenever rows of these tables, or the tables themselves, do.

    Raises:
        SourceError: the database cannot be asked.
    """
    listed = ", ".join(quote_literal(table) for table in tables)
    where = f"namespace.nspname = {quote_literal(schema)} AND relation.relname IN ({listed})"
    rows = source.rows(PARTS.format(where=where) + _COUNTERS)
    return hashlib.sha256(repr((source.place, rows)).encode()).hexdigest()[:24]
