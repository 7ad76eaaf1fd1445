"""How the source's types become the contract's: one declared rule for each, and none for what is not declared."""

from __future__ import annotations

import re

from retail_assets.contracts import Column
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.sources.postgres.catalogue import SourceColumn

MASK = "***"
PERSONAL = "personal"
_WHOLE = ("int2", "int4", "int8")
_NUMBERS = (*_WHOLE, "numeric", "float4", "float8", "money")
_TEXTS = ("text", "varchar", "bpchar", "name", "citext")
_DECIMAL = re.compile(r"DECIMAL\((?P<width>\d+),(?P<scale>\d+)\)")


def expression(column: Column, found: SourceColumn, timezone: str) -> str | None:
    """The column in PostgreSQL's SQL, cast to what the contract says; None where no rule leads from type to type.

    Times come out as UTC without a zone; those that have none are read in ``timezone``. A number that no decimal can
    hold (NaN, an infinity) comes out as NULL. Text of fixed length loses its padding.
    """
    name = quote_identifier(found.name)
    if decimal := _DECIMAL.fullmatch(column.type):
        return _decimal(name, found, int(decimal["width"]), int(decimal["scale"]))
    if column.type == "TIMESTAMP":
        return _moment(name, found, timezone)
    rules = {
        "VARCHAR": {**dict.fromkeys((*_TEXTS, *_WHOLE, "numeric", "uuid"), f"{name}::text")},
        "VARCHAR[]": dict.fromkeys(("_text", "_varchar", "_bpchar"), f"{name}::text[]"),
        "BOOLEAN": {"bool": name, **dict.fromkeys(_WHOLE, f"{name} <> 0")},
        "DATE": {"date": name, "timestamp": f"{name}::date", "timestamptz": f"({name} AT TIME ZONE 'UTC')::date"},
        **dict.fromkeys(("SMALLINT", "INTEGER", "BIGINT"), dict.fromkeys((*_WHOLE, "numeric"), f"{name}::int8")),
    }
    if column.type == "VARCHAR" and found.is_enum:
        return f"{name}::text"
    return rules.get(column.type, {}).get(found.base)


def masked(column: Column, found: SourceColumn) -> str:
    """The column with every value behind a mask, so that none leaves the database."""
    return f"CASE WHEN {quote_identifier(found.name)} IS NOT NULL THEN {quote_literal(MASK)} END"


def _decimal(name: str, found: SourceColumn, width: int, scale: int) -> str | None:
    if found.base not in _NUMBERS:
        return None
    if found.base in _WHOLE:
        return f"{name}::numeric({width},{scale})"
    # NaN is greater than every number here, and cast to a decimal DuckDB would read it as zero.
    number, limit = f"{name}::numeric", "9" * (width - scale)
    if found.base in ("float4", "float8"):
        number = f"CASE WHEN {name} BETWEEN -{limit} AND {limit} THEN {name}::numeric END"
    return f"CASE WHEN {number} > -{limit} AND {number} < {limit} THEN {number}::numeric({width},{scale}) END"


def _moment(name: str, found: SourceColumn, timezone: str) -> str | None:
    zone = quote_literal(timezone)
    return {
        "timestamptz": f"{name} AT TIME ZONE 'UTC'",
        "timestamp": name if timezone == "UTC" else f"{name} AT TIME ZONE {zone} AT TIME ZONE 'UTC'",
        "date": f"{name}::timestamp",
    }.get(found.base)
