"""What the database's own catalogue says of its tables: columns and types, with domains resolved."""

from __future__ import annotations

from dataclasses import dataclass

from retail_assets.contracts.contract import quote_literal
from retail_assets.sources.postgres.connection import Source

# Of a domain the type that it ends in. A partitioned table is its root; its partitions are no tables of their own.
_COLUMNS = """
    WITH RECURSIVE resolved AS (
        SELECT oid, oid AS base FROM pg_catalog.pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT domain.oid, resolved.base
        FROM pg_catalog.pg_type AS domain
        JOIN resolved ON resolved.oid = domain.typbasetype
        WHERE domain.typtype = 'd'
    )
    SELECT
        relation.relname::text,
        attribute.attname::text,
        base.typname::text,
        base.typtype::text,
        pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)::text,
        attribute.attnum::int8,
        attribute.attgenerated::text
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
    JOIN resolved ON resolved.oid = attribute.atttypid
    JOIN pg_catalog.pg_type AS base ON base.oid = resolved.base
    WHERE namespace.nspname = {schema} AND relation.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relation.relispartition
    ORDER BY relation.relname, attribute.attnum
"""

PARTS = """
    WITH RECURSIVE parts AS (
        SELECT relation.oid, relation.relname AS root
        FROM pg_catalog.pg_class AS relation
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
        WHERE {where}
        UNION ALL
        SELECT inherited.inhrelid, parts.root
        FROM pg_catalog.pg_inherits AS inherited
        JOIN parts ON parts.oid = inherited.inhparent
    )
"""
"""Tables with their partitions, each under the name of its ``root``."""


@dataclass(frozen=True)
class SourceColumn:
    """A column of a table at the source. ``base`` is PostgreSQL's name of its type: ``numeric``, ``_text``."""

    name: str
    base: str
    is_enum: bool
    declared: str
    """The type as it was declared, for people: ``numeric(5,2)``, ``public.year``."""
    number: int
    is_virtual: bool
    """Whether its values are computed when they are read."""

    @property
    def is_steady(self) -> bool:
        """Whether a value is as it was while its row is; labels of an enum are renamed without touching any row."""
        return not self.is_enum and not self.is_virtual


Table = dict[str, SourceColumn]
"""The columns of a table, by name."""


def tables_of(source: Source, schema: str) -> dict[str, Table]:
    """Every table and view of a schema, with its columns in order.

    Raises:
        SourceError: the catalogue cannot be read.
    """
    found: dict[str, Table] = {}
    for table, name, base, kind, declared, number, generated in source.rows(
        _COLUMNS.format(schema=quote_literal(schema))
    ):
        found.setdefault(table, {})[name] = SourceColumn(name, base, kind == "e", declared, number, generated == "v")
    return found
