"""Whether two platforms hold the same: partition by partition by digest in the lake, row by row in the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.assets.catalogue import FORECASTS, STEPS
from retail_assets.cli.output import Column, Table, grouped, print_table, say
from retail_assets.contracts import Contract
from retail_assets.engine.publication import Store
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import read

if TYPE_CHECKING:
    import pyarrow as pa

    from retail_assets.assets.platform import Platform


def compare(cloud: Platform, local: Platform) -> bool:
    """Print a line for every dataset; returns whether all are equal."""
    rows = []
    for step in (*STEPS, *FORECASTS):
        for item in step.contracts():
            same = _same_objects if step.store == "lake" else _same_rows
            there, here = cloud.store(step), local.store(step)
            entries = there.published(item).values()
            name = item.name if step.store == "lake" else f"{step.store}.{item.name}"
            how = "digest of each partition" if step.store == "lake" else "every row"
            verdict = "equal" if same(item, there, here) else "DIFFERENT"
            rows.append((name, len(entries), sum(entry.rows for entry in entries), how, verdict))
    columns = [Column("dataset"), Column("partitions", look=grouped), Column("rows", look=grouped)]
    say("The cloud against the folder: the lake on S3 with the one on disk, Redshift with the DuckDB file")
    print_table(Table([*columns, Column("compared"), Column("verdict")], rows))
    return all(row[-1] == "equal" for row in rows)


def _same_objects(item: Contract, one: Store, other: Store) -> bool:
    found, expected = (
        {partition: (entry.rows, entry.digest) for partition, entry in store.published(item).items()}
        for store in (one, other)
    )
    return found == expected


def _same_rows(item: Contract, one: Store, other: Store) -> bool:
    import duckdb

    if not _same_objects(item, one, other):
        return False
    with duckdb.connect() as connection:
        connection.register("found", _rows(item, one))
        connection.register("expected", _rows(item, other))
        differing = "(FROM found EXCEPT ALL FROM expected) UNION ALL (FROM expected EXCEPT ALL FROM found)"
        return connection.execute(f"SELECT count(*) FROM ({differing})").fetchone() == (0,)


def _rows(item: Contract, store: Store) -> pa.Table:
    if isinstance(store, RedshiftStore):
        return read(store, item)
    if isinstance(store, DuckDBFile):
        with store.reading() as connection:
            return connection.execute(f'SELECT * FROM warehouse."{item.name}"').to_arrow_table()
    raise TypeError(f"{type(store).__name__} is no warehouse")
