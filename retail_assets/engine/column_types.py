"""Types of columns as contracts write them, held against the names that DuckDB has for them."""

from __future__ import annotations

import re
from functools import cache

COMMON = frozenset(
    (
        *("VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "DOUBLE", "FLOAT"),
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
    )
)
"""Types that nobody needs to ask DuckDB about: definitions load without it."""
_DECIMAL = re.compile(r"DECIMAL\(([1-9]\d?),(0|[1-9]\d?)\)")


@cache
def type_problem(kind: str) -> str:
    """What is wrong with a type in a contract, and what to write; empty where nothing is.

    Files, tables and schemas name the types of their columns as DuckDB does, and are compared with contracts by that.
    """
    decimal = _DECIMAL.fullmatch(kind)
    if kind in COMMON or (decimal and int(decimal[2]) <= int(decimal[1]) <= 38):
        return ""
    import duckdb

    with duckdb.connect(config={"threads": 1, "enable_external_access": False}) as connection:
        try:
            ((_, own, *_),) = connection.execute(f"DESCRIBE SELECT NULL::{kind}").fetchall()
        except (duckdb.Error, ValueError) as error:
            said = str(error).splitlines()[0].partition("Error: ")
            return f"{kind} is no type of DuckDB's: {said[2] or said[0]}"
    return "" if own == kind else f"write {own}: DuckDB's own name of {kind}"
