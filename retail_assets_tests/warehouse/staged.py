"""Partitions for tests to load: files that a query has written, and what an audit would say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from retail_assets.contracts import Contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication
from retail_assets.engine.query import Query
from retail_assets.engine.staging import Output, Staged


def publication(
    contract: Contract,
    partition: Partition,
    sql: str,
    folder: Path,
    inputs: str = "inputs",
    fixed: tuple[tuple[str, str], ...] = (),
) -> Publication:
    """A staged partition that holds the rows of the query; ``inputs`` stands for what it was made from."""
    output = Output(contract, Query("rows", sql), fixed)
    path = folder / inputs / output.object_path(partition)
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"CAST({c.quoted} AS {c.type}) AS {c.quoted}" for c in contract.stored_columns)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (SELECT {columns} FROM ({sql})) TO '{path}' (FORMAT parquet)")
        (rows,) = connection.execute(f"SELECT count(*) FROM '{path}'").fetchone() or (0,)
    staged = Staged(partition, str(path), path.stat().st_size)
    return Publication(staged, Facts(rows, f"{rows}-{inputs}"), inputs, "code")


def output_of(contract: Contract) -> Output:
    """What a run would publish of the dataset."""
    return Output(contract, Query("rows", "SELECT 1"))


def by_partition(publications: Iterable[Publication]) -> Mapping[Partition, Publication]:
    """The publications by their partition."""
    return {item.staged.partition: item for item in publications}
