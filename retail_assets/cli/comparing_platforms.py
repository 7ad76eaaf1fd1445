"""Whether two platforms hold the same: partitions of the lake, rows of the warehouse, files of exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.forecasts import training_set
from retail_assets.assets.sales_export import NAME as EXPORT
from retail_assets.assets.sales_export import export_location
from retail_assets.cli.output import Column, Table, grouped, print_table, say
from retail_assets.contracts import Contract, contract
from retail_assets.engine.publication import Store
from retail_assets.lake.tree import tree_at
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import read

if TYPE_CHECKING:
    import pyarrow as pa

    from retail_assets.assets.platform import Platform


def compare(cloud: Platform, local: Platform) -> bool:
    """Print a line for every dataset; returns whether all are equal."""
    rows = []
    for step in steps_of(cloud.settings):
        if step == training_set:  # which nobody has asked for
            continue
        for item in step.contracts():
            same = _same_objects if step.store == "lake" else _same_rows
            there, here = cloud.store(step), local.store(step)
            entries = there.published(item).values()
            name = step.label(item.name)
            how = "digest of each partition" if step.store == "lake" else "every row"
            verdict = "equal" if entries and same(item, there, here) else "DIFFERENT"
            rows.append((name, len(entries), sum(entry.rows for entry in entries), how, verdict))
    if cloud.settings.has_sales:
        rows.append(_exports(cloud, local))
    columns = [Column("dataset"), Column("partitions", look=grouped), Column("rows", look=grouped)]
    say("The cloud against the folder: the lake on S3 with the one on disk, Redshift with the DuckDB file")
    print_table(Table([*columns, Column("compared"), Column("verdict")], rows))
    return all(row[-1] == "equal" for row in rows)


def _exports(cloud: Platform, local: Platform) -> tuple[str, int, int, str, str]:
    """The line of the files by category and region."""
    there, here = (tree_at(export_location(one), one.settings.s3).listing() for one in (cloud, local))
    rows = sum(entry.rows for entry in cloud.stores["lake"].published(contract(EXPORT)).values())
    verdict = "equal" if there.files and there == here else "DIFFERENT"
    return f"exports/{EXPORT}", len(there.files), rows, "SHA-256 of each file", verdict


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
