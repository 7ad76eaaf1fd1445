"""Begin a mart: a first SELECT, and the contract that fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier
from retail_assets.marts.examining import examination
from retail_assets.marts.parsing import ParsedSQL

LOGICAL_TYPES = {
    "DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean", "VARCHAR": "string", "DOUBLE": "number",
    "FLOAT": "number", "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
}  # fmt: skip
"""The standard's names of DuckDB's types."""
PLAIN_NAME = re.compile("[a-z_][a-z0-9_]*")
WIDER = {"HUGEINT": "BIGINT"}
"""What a sum of integers is, and what every warehouse can hold of it."""


def draft_sql(contract: Contract) -> str:
    """A SELECT of all columns of a dataset, to be cut down."""
    columns = ",\n".join(f"    {_plain(column.name)}" for column in contract.columns)
    keys = ", ".join(_plain(column.name) for column in contract.key_columns)
    order = f"\nORDER BY {keys}" if keys else ""
    return f"-- What one row is, in a sentence.\nSELECT\n{columns}\nFROM {_plain(contract.name)}{order};\n"


def draft_contract(sql_file: Path, known: Mapping[str, Contract]) -> str:
    """The contract of a SELECT as it is: columns with their types, and what is known of columns of the same name.

    Raises:
        MartError: the SELECT cannot be run.
    """
    with examination(known) as work:
        parsed = ParsedSQL.read(sql_file, work.connection)
        found = work.columns(parsed)
    read = [known[name] for name in parsed.datasets]
    is_dated = found.get("date") == "DATE" and any(item.is_dated for item in read)
    name = sql_file.stem
    lines = [
        "apiVersion: v3.1.0", "kind: DataContract", f"id: {name}", f"name: {name}", "version: 1.0.0", "status: active",
        "domain: marts", "team: {name: retail-data}", "description:", "  purpose: What it is for, in a sentence.",
        "schema:", f"  - name: {name}", "    physicalType: parquet",
        "    dataGranularityDescription: one row per …", "    properties:",
        *(f"      - {_flow(item)}" for item in _properties(found, read, is_dated=is_dated)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _properties(found: Mapping[str, str], read: list[Contract], *, is_dated: bool) -> Iterator[dict[str, Any]]:
    for name, kind in found.items():
        alike = _alike(name, kind, read)
        item: dict[str, Any] = {"name": name, "logicalType": _logical(kind), "physicalType": WIDER.get(kind, kind)}
        if name == "date" and is_dated:
            item |= {"required": True, "partitioned": True, "partitionKeyPosition": 1}
        elif alike and alike.required:
            item["required"] = True
        if alike and alike.classification:
            item["classification"] = alike.classification
        yield item | {"description": alike.description if alike and alike.description else "What it says."}


def _plain(name: str) -> str:
    """The name as one would write it."""
    return name if PLAIN_NAME.fullmatch(name) and name.lower() not in _reserved() else quote_identifier(name)


@cache
def _reserved() -> frozenset[str]:
    """Words that stand for no name unless they are quoted."""
    import duckdb

    with duckdb.connect() as connection:
        words = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'")
        return frozenset(word for (word,) in words.fetchall())


def _alike(name: str, kind: str, read: list[Contract]) -> Column | None:
    """A column of the same name and type in what is read."""
    columns = (column for item in read for column in item.columns)
    return next((column for column in columns if (column.name, column.type) == (name, kind)), None)


def _logical(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "number"
    return "array" if kind.endswith("[]") else LOGICAL_TYPES.get(WIDER.get(kind, kind), "string")


def _flow(item: Mapping[str, Any]) -> str:
    """One line of YAML."""
    text: str = yaml.safe_dump(dict(item), default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.strip()
