"""Load partitions: copy them beside the table, then put them into the place of the old ones in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retail_assets.contracts import Contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published
from retail_assets.warehouse.partition_keys import is_alien, loaded_partitions
from retail_assets.warehouse.redshift.connecting import Conflict, RedshiftError, Session
from retail_assets.warehouse.redshift.load_errors import explained
from retail_assets.warehouse.redshift.pieces import Piece
from retail_assets.warehouse.redshift.sql import identifier, is_one_of, literal, type_of
from retail_assets.warehouse.redshift.staging_area import StagingFolder
from retail_assets.warehouse.redshift.tables import LOADS, lock, qualified

ATTEMPTS = 3
"""Where other transactions, which are not ours, are in the way."""


@dataclass(frozen=True)
class Target:
    """The table that a session loads."""

    session: Session
    contract: Contract
    namespace: str

    @property
    def name(self) -> str:
        """Its full name."""
        return qualified(self.namespace, self.contract.name)

    @property
    def action(self) -> str:
        """What is being done, for people."""
        return f"loading {self.contract.name} into Redshift"


def loaded(session: Session, contract: Contract, namespace: str) -> dict[Partition, Published]:
    """What is loaded of each partition; nothing where the table was partitioned in another way then."""
    found = session.rows(
        f"asking what is loaded of {contract.name}",
        f'SELECT "partition", "rows", "bytes", "digest", "inputs", "code" FROM {qualified(namespace, LOADS)} '
        f'WHERE "table_name" = {literal(contract.name)}',
    )
    return loaded_partitions(contract, found)


def latest_loads(session: Session, namespace: str) -> str:
    """The number of each table's latest load, as one text."""
    loads = f'SELECT "table_name", max("load") FROM {qualified(namespace, LOADS)} GROUP BY 1 ORDER BY 1'
    found = session.rows("asking for the latest loads", loads)
    return ",".join(f"{table}:{number}" for table, number in found)


def copy(target: Target, pieces: Sequence[Piece], folder: StagingFolder, role: str) -> list[str]:
    """Copy the pieces into temporary tables of the session; returns their rows as SELECTs with all columns.

    Raises:
        RedshiftError: an object does not fit the table; the message names its row and column.
    """
    selects = []
    for number, piece in enumerate(pieces):
        table = identifier(f"piece_{number}")
        columns = ", ".join(
            f"{identifier(column.name)} {type_of(column)}{' NOT NULL' if column.required else ''}"
            for column in piece.columns
        )
        target.session.run(target.action, f"CREATE TEMPORARY TABLE {table} ({columns})")
        manifest = folder.put_manifest(piece.objects, f"{number:05}.manifest")
        try:
            target.session.run(
                target.action,
                f"COPY {table} FROM {literal(manifest)} IAM_ROLE {role} FORMAT AS PARQUET MANIFEST",
            )
        except RedshiftError as error:
            raise explained(target.session, target.action, error) from None
        selects.append(_select(target.contract, piece, table))
    return selects


def swap(target: Target, publications: Sequence[Publication], selects: Sequence[str]) -> str:
    """Replace the partitions by the rows of the SELECTs and note it, in one transaction; returns the state's version.

    A table that was partitioned in another way loses all other rows with it: nobody could tell which to replace later.
    Those that another run has loaded meanwhile just like this are replaced by the same rows again.

    Raises:
        RedshiftError: the table would not hold the rows that were audited, or Redshift gave up; nothing changed then.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            with target.session.transaction(target.action):
                lock(target.session, target.namespace, target.action)
                _replace(target, publications, selects)
                version = latest_loads(target.session, target.namespace)
            return version
        except Conflict:
            if not left:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _replace(target: Target, publications: Sequence[Publication], selects: Sequence[str]) -> None:
    partitions = [item.staged.partition for item in publications]
    chosen = is_one_of(target.contract, partitions)
    anew = is_alien(target.contract, _keys(target))
    target.session.run(target.action, f"DELETE FROM {target.name} WHERE {'true' if anew else chosen}")
    if selects:
        names = ", ".join(identifier(column.name) for column in target.contract.columns)
        target.session.run(target.action, f"INSERT INTO {target.name} ({names}) {' UNION ALL '.join(selects)}")
    _require_rows(target, publications, chosen)
    _note(target, publications, anew)


def _keys(target: Target) -> list[str]:
    """The keys of all partitions that are loaded."""
    loads, table = qualified(target.namespace, LOADS), literal(target.contract.name)
    found = target.session.rows(target.action, f'SELECT "partition" FROM {loads} WHERE "table_name" = {table}')
    return [key for (key,) in found]


def _select(contract: Contract, piece: Piece, table: str) -> str:
    held = {column.name for column in piece.columns}
    values = [
        identifier(column.name)
        if column.name in held
        else f"CAST({literal(piece.constants[column.name])} AS {type_of(column)})"
        for column in contract.columns
    ]
    return f"SELECT {', '.join(values)} FROM {table}"


def _require_rows(target: Target, publications: Sequence[Publication], chosen: str) -> None:
    """Make sure that each partition of the table has as many rows as were audited."""
    names = sorted(column.name for column in target.contract.partition_columns)
    keys = "".join(f"{identifier(name)}, " for name in names)
    group = f" GROUP BY {keys.removesuffix(', ')}" if names else ""
    counted = f"SELECT {keys}count(*) FROM {target.name} WHERE {chosen}{group}"
    found = {
        "|".join(str(value) for value in values) or Partition().key: int(count)
        for *values, count in target.session.rows(target.action, counted)
    }
    for item in publications:
        key, audited = item.staged.partition.key, item.facts.rows
        if (rows := found.get(key, 0)) != audited:
            raise RedshiftError(
                f"{target.contract.name} of {key} would have {rows:,} rows in Redshift, but {audited:,} were audited. "
                "Nothing was loaded."
            )


def _note(target: Target, publications: Sequence[Publication], anew: bool) -> None:
    """Say in the bookkeeping what is loaded now, and where it is ``anew`` nothing else; the load's number grows."""
    loads, table = qualified(target.namespace, LOADS), literal(target.contract.name)
    keys = ", ".join(literal(item.staged.partition.key) for item in publications)
    latest = f'SELECT coalesce(max("load"), 0) FROM {loads} WHERE "table_name" = {table}'
    ((number,),) = target.session.rows(target.action, latest)
    chosen = "true" if anew else f'"partition" IN ({keys})'
    target.session.run(target.action, f'DELETE FROM {loads} WHERE "table_name" = {table} AND {chosen}')
    rows = ", ".join(_record(target.contract, item, int(number) + 1) for item in publications)
    target.session.run(target.action, f"INSERT INTO {loads} VALUES {rows}")


def _record(contract: Contract, item: Publication, number: int) -> str:
    facts, staged = item.facts, item.staged
    values = (
        contract.name,
        staged.partition.key,
        facts.rows,
        staged.bytes,
        facts.digest,
        item.inputs,
        item.code,
        number,
    )
    return "(" + ", ".join(literal(value) for value in values) + ")"
