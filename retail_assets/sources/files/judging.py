"""From received text to typed rows, as a contract says: casts, defaults, expressions, and reasons to reject a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from string import Template

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.query import sql_text
from retail_assets.sources.files.layout import FILLED, names_read
from retail_assets.sources.files.rows import ReceivedRows

JUDGED_ROWS = "sources/judged_rows"
PLACE = (
    Column("source_file", "VARCHAR", "Where the row came from.", required=True),
    Column("source_row", "BIGINT", "Number of its line, or of its row in Parquet, from 1.", required=True),
)
TEXT = "VARCHAR"
_FLOATS = ("DOUBLE", "FLOAT", "REAL")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_LEEWAY = 6
"""Decimals beyond those that the contract keeps in which a binary fraction may differ from what it stands for."""


def part_contract(contract: Contract) -> Contract:
    """The contract of what a file becomes: all columns of the dataset inside, and where each row came from."""
    columns = tuple(replace(column, partition_position=None) for column in contract.columns)
    place = tuple(column for column in PLACE if column.name not in {own.name for own in columns})
    return replace(contract, name=f"{contract.name} as received", columns=columns + place)


def judged_rows(contract: Contract, rows: ReceivedRows, file: str) -> str:
    """A SELECT of all rows of a file: the columns of its part, ``_reason`` and, of rejected rows, ``_received``."""
    names = names_read(contract)
    bare = {column.name for column in contract.columns if column.type.upper() != TEXT and not column.expression}
    texts = ", ".join(_received(name, rows, "bare" if name in bare else "filled") for name in names)
    plain = [column for column in contract.columns if not column.expression and column.name not in FILLED]
    computed = [column for column in contract.columns if column.expression]
    columns = ", ".join(column.quoted for column in part_contract(contract).columns)
    shown = ", ".join(f"{quote_literal(name)}, received.{quote_identifier(name)}" for name in names)
    return Template(sql_text(JUDGED_ROWS)).substitute(
        received=texts,
        rows=rows.sql,
        source_file=quote_literal(file),
        casts="".join(f",\n        {_value(column)} AS {column.quoted}" for column in plain),
        expressions="".join(f",\n        {_value(column)} AS {column.quoted}" for column in computed),
        first_reason=_first_reason(contract),
        columns=columns,
        texts=shown,
    )


def _received(name: str, rows: ReceivedRows, reading: str) -> str:
    """The received text of a name, NULL where there is none; white space around what is no text does not count."""
    column = quote_identifier(name)
    return f"{reading}({column}) AS {column}" if name in rows.names else f"NULL::VARCHAR AS {column}"


def _value(column: Column) -> str:
    value = f"({column.expression})" if column.expression else _cast(column, f"received.{column.quoted}")
    value = f"CAST({value} AS {column.type})"
    if column.default is None:
        return value
    default = f"CAST({quote_literal(column.default)} AS {column.type})"
    if column.expression:
        return f"coalesce({value}, {default})"
    return f"CASE WHEN received.{column.quoted} IS NULL THEN {default} ELSE {value} END"


def _cast(column: Column, text: str) -> str:
    """The text as the column's type; NULL where it does not say plainly which value that is."""
    kind = column.type.upper()
    if kind == TEXT:
        return f"CASE WHEN has_control_characters({text}) THEN printable({text}) ELSE {text} END"
    if kind in _WHOLE:
        return f"TRY_CAST(whole_number({text}) AS {kind})"
    if kind.startswith("DECIMAL"):
        value, scale = f"TRY_CAST(plain_number({text}) AS {kind})", _scale(kind)
        finer = f"TRY_CAST({text} AS DECIMAL(38, {min(scale + _LEEWAY, 38)}))"
        is_rounded = f"CASE WHEN may_be_finer({text}, {scale}) THEN {value} IS DISTINCT FROM {finer} ELSE false END"
        return f"CASE WHEN NOT {is_rounded} THEN {value} END"
    if kind in _FLOATS:
        return f"TRY_CAST(plain_number({text}) AS {kind})"
    if kind == "BOOLEAN":
        return f"truth_value({text})"
    if kind == "DATE":
        return f"plain_date({text})"
    if kind == "TIMESTAMP":
        return f"plain_moment({text})"
    if kind in ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"):
        return f"plain_moment({text}) AT TIME ZONE 'UTC'"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"TRY_CAST(TRY_CAST({text} AS JSON) AS {kind})"
    return f"TRY_CAST({text} AS {kind})"


def _scale(kind: str) -> int:
    _, _, scale = kind.rstrip(")").partition(",")
    return int(scale or 3 if kind == "DECIMAL" else scale or 0)


def _first_reason(contract: Contract) -> str:
    """The first reason that applies to a row: a damaged line, no value, a missing one, then the contract's rules."""
    cases = "\n            ".join(f"WHEN {when} THEN {quote_literal(reason)}" for reason, when in _reasons(contract))
    return f"CASE\n            WHEN _damage IS NOT NULL THEN _damage\n            {cases}\n        END"


def _reasons(contract: Contract) -> Iterator[tuple[str, str]]:
    read = names_read(contract)
    for column in contract.columns:
        if column.name in read:
            yield f"bad_{column.name}", f"received.{column.quoted} IS NOT NULL AND {column.quoted} IS NULL"
    for column in contract.columns:
        if column.name not in FILLED:
            yield from ((_named(rule), predicate) for rule, predicate in column.violations.items())
    yield from ((rule.name, rule.predicate) for rule in (*contract.excluded_reasons, *contract.reject_reasons))


def _named(rule: str) -> str:
    """The contract's ``price:too_small`` as a reason: ``too_small_price``; no value at all is a missing one."""
    column, _, what = rule.rpartition(":")
    return f"{'missing' if what == 'null' else what}_{column}"
