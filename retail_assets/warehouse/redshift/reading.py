"""Rows out of Redshift: small results by query, large ones by UNLOAD to S3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.partition import Partition
from retail_assets.warehouse.redshift.connecting import Session
from retail_assets.warehouse.redshift.loading import loaded
from retail_assets.warehouse.redshift.sql import encryption_of, identifier, is_one_of, literal, role_of
from retail_assets.warehouse.redshift.staging_area import StagingFolder
from retail_assets.warehouse.redshift.tables import qualified

if TYPE_CHECKING:
    import pyarrow as pa

    from retail_assets.warehouse.redshift.store import RedshiftStore


@dataclass(frozen=True)
class Unloaded(Dataset):
    """Rows of a table as UNLOAD has written them: all columns inside the objects, in Redshift's names and types."""

    def relation(self) -> str:
        """A SELECT over the objects with the contract's columns; empty without objects."""
        if not self.objects:
            return super().relation()
        columns = ", ".join(
            f"CAST({quote_identifier(column.name.lower())} AS {column.type}) AS {column.quoted}"
            for column in self.contract.columns
        )
        paths = ", ".join(quote_literal(stored.location) for stored in self.objects)
        return f"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false)"


def read(store: RedshiftStore, contract: Contract, partitions: Iterable[Partition] | None = None) -> pa.Table:
    """The rows of these partitions, or all, as an Arrow table.

    Raises:
        RedshiftError: there is no such table, or Redshift refuses.
    """
    chosen = _condition(contract, partitions)
    with store.redshift.session() as session:
        counted = f"SELECT count(*) FROM {qualified(store.namespace, contract.name)} WHERE {chosen}"
        ((count,),) = session.rows(f"counting the rows of {contract.name}", counted)
        if count <= store.settings.redshift.inline_rows:
            return _queried(session, contract, store.namespace, chosen)
        with store.staging_area.folder() as folder:
            return _unloaded(store, session, contract, chosen, folder, "").to_arrow()


def unload(store: RedshiftStore, contract: Contract, partitions: Iterable[Partition] | None = None) -> Dataset:
    """The rows of these partitions, or all, lazily: objects on S3, which stay there for a day at least.

    Raises:
        RedshiftError: there is no such table, or Redshift refuses.
    """
    wanted = None if partitions is None else set(partitions)
    store.staging_area.sweep()
    with store.redshift.session() as session:
        held = loaded(session, contract, store.namespace).values()
        digests = sorted((item.partition, item.digest) for item in held if wanted is None or item.partition in wanted)
        digest = hashlib.sha256(repr(digests).encode()).hexdigest()[:24]
        folder = store.staging_area.lasting()
        return _unloaded(store, session, contract, _condition(contract, wanted), folder, digest)


def first_rows(
    session: Session, contract: Contract, namespace: str, partition: Partition, limit: int
) -> list[tuple[Any, ...]]:
    """A few rows of a partition, without its partition columns."""
    names = ", ".join(identifier(column.name) for column in contract.stored_columns)
    table = qualified(namespace, contract.name)
    select = f"SELECT {names} FROM {table} WHERE {is_one_of(contract, [partition])} LIMIT {limit}"
    return session.rows(f"looking into {contract.name}", select)


def _condition(contract: Contract, partitions: Iterable[Partition] | None) -> str:
    return "true" if partitions is None else is_one_of(contract, sorted(partitions))


def _queried(session: Session, contract: Contract, namespace: str, chosen: str) -> pa.Table:
    import duckdb
    import pyarrow as pa

    names = ", ".join(identifier(column.name) for column in contract.columns)
    select = f"SELECT {names} FROM {qualified(namespace, contract.name)} WHERE {chosen}"
    rows = session.rows(f"reading {contract.name}", select)
    with duckdb.connect() as connection:  # it knows which type of Arrow is which of its own
        connection.execute("SET TimeZone = 'UTC'")
        schema = connection.execute(Dataset(contract, ()).relation()).to_arrow_table().schema
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema)


def _unloaded(
    store: RedshiftStore, session: Session, contract: Contract, chosen: str, folder: StagingFolder, digest: str
) -> Unloaded:
    names = ", ".join(identifier(column.name) for column in contract.columns)
    select = f"SELECT {names} FROM {qualified(store.namespace, contract.name)} WHERE {chosen}"
    target = folder.place / "rows_"
    how = f"IAM_ROLE {role_of(store.settings.redshift)} FORMAT AS PARQUET{encryption_of(store.settings.s3)}"
    unload = f"UNLOAD ({literal(select)}) TO {literal(str(target))} {how}"
    session.run(f"unloading {contract.name} to S3", unload)
    found = [(str(place), size) for place, _, size in folder.s3.listed(folder.place)]
    sized = Unloaded(contract, tuple(_stored(*item, 0, digest) for item in found), s3=store.settings.s3)
    rows = _rows(sized)
    return Unloaded(contract, tuple(_stored(*item, rows[item[0]], digest) for item in found), s3=store.settings.s3)


def _rows(dataset: Unloaded) -> dict[str, int]:
    """The number of rows of each object, from its footer."""
    import duckdb

    if not dataset.objects:
        return {}
    paths = ", ".join(quote_literal(stored.location) for stored in dataset.objects)
    with duckdb.connect() as connection:
        dataset.open_to(connection)
        return dict(connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata([{paths}])").fetchall())


def _stored(location: str, size: int, rows: int, digest: str) -> StoredObject:
    return StoredObject(Partition(), location, rows, size, digest)
