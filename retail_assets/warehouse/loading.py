"""Load audited partitions into a table, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication
from retail_assets.warehouse.partition_keys import is_alien, key_of_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOADS = """
CREATE TABLE IF NOT EXISTS _loads (
    table_name VARCHAR, partition VARCHAR, rows BIGINT, bytes BIGINT, digest VARCHAR, inputs VARCHAR, code VARCHAR,
    PRIMARY KEY (table_name, partition)
)
"""


def load(
    connection: DuckDBPyConnection,
    contract: Contract,
    publications: list[Publication],
    replaced: Collection[Partition],
) -> None:
    """Put the staged rows in the place of what the table has of their partitions, and note it in ``_loads``.

    ``replaced`` are the partitions that have been loaded before.

    Raises:
        RuntimeError: the table does not hold the rows that were audited.
    """
    connection.execute(LOADS)
    _drop_alien(connection, contract)
    connection.execute(_create_table(contract))
    _refit(connection, contract)
    loaded = [item.staged.partition for item in publications]
    if old := [partition for partition in loaded if partition in replaced]:
        connection.execute(_delete(contract, old))
        keys = ", ".join(quote_literal(partition.key) for partition in old)
        connection.execute(
            f"DELETE FROM _loads WHERE table_name = {quote_literal(contract.name)} AND partition IN ({keys})"
        )
    # Several threads that keep the order of many files cut the table small: twice the time and twice the file.
    connection.execute(f"SET preserve_insertion_order = {'false' if contract.partition_columns else 'true'}")
    connection.execute(_insert(contract, publications))
    _require_rows(connection, contract, publications)
    connection.execute(f"INSERT INTO _loads VALUES {', '.join(_load_record(contract, item) for item in publications)}")


def _create_table(contract: Contract) -> str:
    columns = ", ".join(
        f"{column.quoted} {column.type}{' NOT NULL' if column.required else ''}" for column in contract.columns
    )
    return f"CREATE TABLE IF NOT EXISTS {quote_identifier(contract.name)} ({columns})"


def _drop_alien(connection: DuckDBPyConnection, contract: Contract) -> None:
    """Drop a table of which no partition can be told under this contract, or no column is kept: it is loaded anew."""
    name, loads = quote_literal(contract.name), f"FROM _loads WHERE table_name = {quote_literal(contract.name)}"
    columns_of = f"FROM duckdb_columns() WHERE table_name = {name} AND NOT internal"
    found = connection.execute(f"SELECT column_name {columns_of}").fetchall()
    held, keys = {column for (column,) in found}, connection.execute(f"SELECT partition {loads}").fetchall()
    needed, columns = {item.name for item in contract.partition_columns}, {item.name for item in contract.columns}
    is_known = needed <= held and columns & held and not is_alien(contract, (key for (key,) in keys))
    if held and not is_known:
        connection.execute(f"DROP TABLE {quote_identifier(contract.name)}")
        connection.execute(f"DELETE {loads}")


def _refit(connection: DuckDBPyConnection, contract: Contract) -> None:
    """Give a table of an earlier contract the columns of this one; rows keep what they have in common with it.

    Partitions of which a value does not fit the column's new type go: they count as never loaded.
    """
    table, before = quote_identifier(contract.name), quote_identifier(f"{contract.name} before")
    wanted = {name: kind for name, kind, *_ in _described(connection, Dataset(contract, ()).relation())}
    held = {name: kind for name, kind, *_ in _described(connection, f"FROM {table}")}
    if held == wanted:
        return
    common = [column for column in contract.columns if column.name in held]
    values = ", ".join(f"TRY_CAST({column.quoted} AS {column.type}) AS {column.quoted}" for column in common)
    retyped = {column: held[column.name] for column in common if held[column.name] != wanted[column.name]}
    lost = _lost(connection, contract, retyped) if retyped else []
    gone = ", ".join(map(quote_literal, lost))
    connection.execute(f"ALTER TABLE {table} RENAME TO {before}")
    # Without NOT NULL: rows of the earlier contract lack what is new until they are loaded anew.
    connection.execute(f"CREATE TABLE {table} AS {Dataset(contract, ()).relation()}")
    kept = f" WHERE {key_of_row(contract)} NOT IN ({gone})" if lost else ""
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {values} FROM {before}{kept}")
    if lost:
        named = f"table_name = {quote_literal(contract.name)}"
        connection.execute(f"DELETE FROM _loads WHERE {named} AND partition IN ({gone})")
    connection.execute(f"DROP TABLE {before}")


def _lost(connection: DuckDBPyConnection, contract: Contract, retyped: Mapping[Column, str]) -> list[str]:
    """The keys of the partitions in which a value would not stay what it is; columns with the type that they had."""
    changes = (
        f"TRY_CAST(TRY_CAST({column.quoted} AS {column.type}) AS {before}) IS DISTINCT FROM {column.quoted}"
        for column, before in retyped.items()
    )
    where = " OR ".join(changes)
    found = connection.execute(
        f"SELECT DISTINCT {key_of_row(contract)} FROM {quote_identifier(contract.name)} WHERE {where}"
    ).fetchall()
    return [key for (key,) in found]


def _described(connection: DuckDBPyConnection, relation: str) -> list[tuple[str, ...]]:
    return connection.execute(f"DESCRIBE {relation}").fetchall()


def _delete(contract: Contract, partitions: Iterable[Partition]) -> str:
    """One DELETE for all partitions: a join with their list, which reads only the row groups that may hold some."""
    table = quote_identifier(contract.name)
    if not contract.partition_columns:
        return f"DELETE FROM {table}"
    return f"DELETE FROM {table} USING {_listed(contract, partitions)} WHERE {_is_listed(contract)}"


def _insert(contract: Contract, publications: list[Publication]) -> str:
    names = ", ".join(column.quoted for column in contract.columns)
    paths = ", ".join(quote_literal(item.staged.location) for item in publications)
    kinds = ", ".join(f"{column.quoted}: {column.type}" for column in contract.partition_columns)
    hive = f", hive_partitioning = true, hive_types = {{{kinds}}}" if kinds else ""
    table = quote_identifier(contract.name)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM read_parquet([{paths}]{hive})"


def _require_rows(connection: DuckDBPyConnection, contract: Contract, publications: list[Publication]) -> None:
    """Make sure that each partition of the table has as many rows as were audited."""
    found = dict(connection.execute(_count(contract, [item.staged.partition for item in publications])).fetchall())
    for item in publications:
        key, audited = item.staged.partition.key, item.facts.rows
        if (rows := found.get(key, 0)) != audited:
            raise RuntimeError(
                f"{contract.name} of {key} would have {rows:,} rows in the warehouse, but {audited:,} were audited. "
                "Nothing was loaded."
            )


def _count(contract: Contract, partitions: Iterable[Partition]) -> str:
    """Rows by the partition's key."""
    table = quote_identifier(contract.name)
    if not contract.partition_columns:
        return f"SELECT {quote_literal(Partition().key)}, count(*) FROM {table}"
    return f"""
        SELECT listed.partition, count(*)
        FROM {table}, {_listed(contract, partitions)}
        WHERE {_is_listed(contract)}
        GROUP BY listed.partition
    """


def _listed(contract: Contract, partitions: Iterable[Partition]) -> str:
    """The partitions as a relation: their key and the values of their columns."""
    columns = contract.partition_columns
    values = ", ".join(
        "(" + ", ".join([quote_literal(item.key), *(_typed(item.get(c.name), c.type) for c in columns)]) + ")"
        for item in partitions
    )
    names = ", ".join(column.quoted for column in columns)
    return f"(VALUES {values}) AS listed(partition, {names})"


def _is_listed(contract: Contract) -> str:
    table = quote_identifier(contract.name)
    return " AND ".join(f"{table}.{column.quoted} = listed.{column.quoted}" for column in contract.partition_columns)


def _typed(value: str | None, kind: str) -> str:
    return f"CAST({quote_literal(value)} AS {kind})"


def _load_record(contract: Contract, item: Publication) -> str:
    facts, staged = item.facts, item.staged
    what = [contract.name, staged.partition.key]
    values: list[str | int] = [*what, facts.rows, staged.bytes, facts.digest, item.inputs, item.code]
    return "(" + ", ".join(quote_literal(value) for value in values) + ")"
