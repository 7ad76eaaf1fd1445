"""Tables as contracts describe them: made where they are missing, given new columns, and never changed otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retail_assets.contracts import Column, Contract
from retail_assets.warehouse.redshift.connecting import RedshiftError, Session
from retail_assets.warehouse.redshift.sql import identifier, literal, require_distinct_names, type_of

LOADS = "_loads"
GUARD = "_guard"
BOOKKEEPING = {
    LOADS: '"table_name" VARCHAR(128) NOT NULL, "partition" VARCHAR(1024) NOT NULL, "rows" BIGINT NOT NULL, '
    '"bytes" BIGINT NOT NULL, "digest" VARCHAR(128) NOT NULL, "inputs" VARCHAR(128) NOT NULL, '
    '"code" VARCHAR(128) NOT NULL, "load" BIGINT NOT NULL',
    GUARD: '"held" SMALLINT',
}
"""What is loaded of each partition, and a table that nobody reads: loads lock it to go one after another."""
NAMES_OF_TYPES = {
    "character varying": "VARCHAR",
    "numeric": "DECIMAL",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class Held:
    """A column that a table has."""

    name: str
    type: str
    required: bool


def qualified(namespace: str, table: str) -> str:
    """A table's full name."""
    return f"{identifier(namespace)}.{identifier(table)}"


def create_table(contract: Contract, namespace: str) -> str:
    """The statement that makes the contract's table."""
    columns = ", ".join(
        f"{identifier(column.name)} {type_of(column)}{' NOT NULL' if column.required else ''}"
        for column in contract.columns
    )
    table = qualified(namespace, contract.name)
    return f"CREATE TABLE IF NOT EXISTS {table} ({columns}) {_distribution(contract)} {_order(contract)}"


def comments(contract: Contract, namespace: str) -> Iterator[str]:
    """The statements that say in the catalogue what table and columns mean."""
    table = qualified(namespace, contract.name)
    yield f"COMMENT ON TABLE {table} IS {literal(contract.purpose)}"
    for column in contract.columns:
        yield f"COMMENT ON COLUMN {table}.{identifier(column.name)} IS {literal(column.description)}"


def prepare(session: Session, contract: Contract, namespace: str) -> None:
    """Make sure that the table is as the contract says, and the bookkeeping there.

    Raises:
        RedshiftError: the table has another type for a column, or demands one that the contract does not have.
        ValueError: the contract cannot be a table of Redshift.
    """
    require_distinct_names(contract)
    _make_bookkeeping(session, namespace)
    held = _held(session, contract.name, namespace)
    if not held:
        _create(session, contract, namespace)
        return
    _require_same(contract, held)
    new = [column for column in contract.columns if column.name.lower() not in held]
    if new:
        _add(session, contract, namespace, new)


def _make_bookkeeping(session: Session, namespace: str) -> None:
    """Make the schema and the tables of the bookkeeping, where they are missing."""
    if all(_held(session, name, namespace) for name in BOOKKEEPING):
        return
    action = f"making the schema {namespace}"
    schemas = session.rows(action, f"SELECT 1 FROM pg_namespace WHERE nspname = {literal(namespace.lower())}")
    statements = [] if schemas else [f"CREATE SCHEMA IF NOT EXISTS {identifier(namespace)}"]
    statements += [
        f"CREATE TABLE IF NOT EXISTS {qualified(namespace, name)} ({columns}) DISTSTYLE ALL"
        for name, columns in BOOKKEEPING.items()
    ]
    for statement in statements:
        try:
            session.run(action, statement)
        except RedshiftError:  # of two who make it at once one may fail, and then finds it there
            session.run(action, statement)


def _create(session: Session, contract: Contract, namespace: str) -> None:
    action = f"making the table {contract.name}"
    with session.transaction(action):
        lock(session, namespace, action)
        if _held(session, contract.name, namespace):  # somebody else was quicker
            return
        session.run(action, create_table(contract, namespace))
        loads = qualified(namespace, LOADS)
        session.run(action, f'DELETE FROM {loads} WHERE "table_name" = {literal(contract.name)}')
        for statement in comments(contract, namespace):
            session.run(action, statement)


def _add(session: Session, contract: Contract, namespace: str, new: list[Column]) -> None:
    """Add columns, one a statement; they may be NULL, since the rows that are there have no value."""
    action = f"adding columns to {contract.name}"
    with session.transaction(action):
        lock(session, namespace, action)
        held = _held(session, contract.name, namespace)
        for column in new:
            if column.name.lower() in held:
                continue
            table, name = qualified(namespace, contract.name), identifier(column.name)
            session.run(action, f"ALTER TABLE {table} ADD COLUMN {name} {type_of(column)}")
            session.run(action, f"COMMENT ON COLUMN {table}.{name} IS {literal(column.description)}")


def lock(session: Session, namespace: str, action: str) -> None:
    """Be the only one who writes, until the transaction ends. First in it, so that it sees what came before."""
    session.run(f"{action}, waiting for other loads", f"LOCK TABLE {qualified(namespace, GUARD)}")


def _held(session: Session, table: str, namespace: str) -> dict[str, Held]:
    """The columns that the table has, by name; none where there is no such table."""
    found = session.rows(
        f"looking at the table {table}",
        "SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable "
        f"FROM svv_columns WHERE table_schema = {literal(namespace.lower())} "
        f"AND table_name = {literal(table.lower())}",
    )
    return {name: Held(name, _type(*described), nullable == "NO") for name, *described, nullable in found}


def _type(kind: str, width: int | None, precision: int | None, scale: int | None) -> str:
    name = NAMES_OF_TYPES.get(kind, kind.upper())
    if name == "VARCHAR":
        return f"VARCHAR({width})"
    return f"DECIMAL({precision},{scale})" if name == "DECIMAL" else name


def _require_same(contract: Contract, held: dict[str, Held]) -> None:
    wanted = {column.name.lower(): type_of(column) for column in contract.columns}
    different = [
        f"column {name} is {held[name].type} instead of {kind}"
        for name, kind in wanted.items()
        if name in held and not _fits(held[name].type, kind)
    ]
    different += [
        f"column {item.name}, which must not be NULL, is not in the contract"
        for item in held.values()
        if item.required and item.name not in wanted
    ]
    if different:
        raise RedshiftError(
            f"the table {contract.name} is not as its contract says: {'; '.join(different)}. Nothing was loaded. "
            "Change the column by hand, or drop the table: the next backfill makes and loads it anew"
        )


def _fits(held: str, wanted: str) -> bool:
    """Whether a column may stay as it is: a text may be wider than the contract needs."""
    widths = [re.fullmatch(r"VARCHAR\((\d+)\)", kind) for kind in (held, wanted)]
    if widths[0] and widths[1]:
        return int(widths[0][1]) >= int(widths[1][1])
    return held == wanted


def _distribution(contract: Contract) -> str:
    if contract.distribution is None:
        return "DISTSTYLE AUTO"
    if contract.distribution == "all":
        return "DISTSTYLE ALL"
    return f"DISTSTYLE KEY DISTKEY ({identifier(contract.column(contract.distribution).name)})"


def _order(contract: Contract) -> str:
    names = contract.sort_key or tuple(column.name for column in contract.partition_columns)
    listed = ", ".join(identifier(contract.column(name).name) for name in names)
    return f"COMPOUND SORTKEY ({listed})" if listed else "SORTKEY AUTO"
