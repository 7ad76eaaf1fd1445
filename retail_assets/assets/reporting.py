"""What people read in Dagster's UI after a run: counts, previews, checks and lineage, as metadata."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from retail_assets.assets.documentation import UI_INLINE_LIMIT, as_cell, markdown_table
from retail_assets.assets.exhibits import exhibited
from retail_assets.assets.materialization import Made
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.audit import Verdict
from retail_assets.engine.memory import peak_memory_bytes
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published
from retail_assets.engine.s3_location import is_s3
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import first_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = Sequence[Sequence[Any]]
PREVIEW_ROWS = 3
HIDDEN = "…"
"""Stands for a value that the contract classifies as personal or pseudonymous."""
MOST_DETAILS = 20
MOST_PREVIEWS_FROM_AFAR = 10
"""The last partitions of a run: each takes several requests to S3 or a query of Redshift, one after the other."""
MOST_DETAILS_OF_PASSED = 3


def materialization_metadata(
    platform: Platform, step: Step, contract: Contract, made: Sequence[Made]
) -> dict[Partition, dict[str, Any]]:
    """What each published partition of an output holds and what it cost; with the rows of the whole dataset."""
    store = platform.store(step)
    published = store.published(contract)
    whole = {"dagster/row_count": sum(entry.rows for entry in published.values())}
    entries = {item.partition: published[item.partition] for item in made}
    is_remote = isinstance(store, RedshiftStore)
    far = sorted(partition for partition, entry in entries.items() if is_remote or is_s3(entry.location))
    unread = frozenset(far[:-MOST_PREVIEWS_FROM_AFAR])
    tables = exhibited(platform, step, contract.name, entries)
    with _reading(platform, step, contract, entries.values()) as first_rows:
        return {
            item.partition: whole
            | _measured(item, contract.name)
            | _place(entries[item.partition], is_file=step.store == "lake")
            | {name: dg.MetadataValue.md(table) for name, table in tables.get(item.partition, {}).items()}
            | ({} if item.partition in unread else _shown(contract, first_rows(entries[item.partition])))
            for item in made
        }


def check_metadata(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What a check found: how many partitions it judged and how many failed, and the details of some by partition."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    told = [verdict for verdict in failed or verdicts if verdict.detail]
    most = MOST_DETAILS if failed else MOST_DETAILS_OF_PASSED
    details = {verdict.partition.key: verdict.detail for verdict in told[:most]}
    left_out = {"…": f"and {len(told) - most} more"} if len(told) > most else {}
    return {"partitions": len(verdicts), "failed_partitions": len(failed), **details, **left_out}


def check_description(verdicts: Sequence[Verdict]) -> str:
    """One line on what a check found."""
    failed = [verdict.partition.key for verdict in verdicts if not verdict.passed]
    if len(verdicts) == 1:
        return f"{verdicts[0].partition.key}: {verdicts[0].detail or 'passed'}"
    if not failed:
        return f"passed in all {len(verdicts)} partitions"
    named = ", ".join(failed[:3]) + (", …" if len(failed) > 3 else "")
    return f"failed in {len(failed)} of {len(verdicts)} partitions: {named}"


def column_lineage(platform: Platform, step: Step) -> dict[str, dict[str, Any]]:
    """Which columns each output's columns come from, read from the SQL."""
    from retail_assets.assets.lineage import step_lineage

    found: dict[str, dict[str, Any]] = {}
    for output, columns in step_lineage(platform, step).items():
        deps = {
            column: [dg.TableColumnDep(asset_key=dg.AssetKey([dataset]), column_name=name) for dataset, name in sources]
            for column, sources in columns.items()
        }
        found[output] = {"dagster/column_lineage": dg.TableColumnLineage(deps)}
    return found


def _measured(made: Made, output: str) -> dict[str, Any]:
    warnings = [f"{verdict.check}: {verdict.detail}" for verdict in made.verdicts if not verdict.passed]
    values: dict[str, Any] = {
        "dagster/partition_row_count": made.facts[output].rows,
        "bytes": made.bytes[output],
        "seconds": round(made.seconds, 3),
        "peak_memory_mb": round(peak_memory_bytes() / 1e6),
        "digest": made.facts[output].digest,
    }
    return values | ({"warnings": "; ".join(warnings)} if warnings else {})


@contextmanager
def _reading(
    platform: Platform, step: Step, contract: Contract, entries: Collection[Published]
) -> Iterator[Callable[[Published], Rows]]:
    """Gives the first stored rows of a published partition."""
    import duckdb

    store, columns = platform.store(step), ", ".join(column.quoted for column in contract.stored_columns)
    if isinstance(store, RedshiftStore):
        with store.redshift.session() as session:
            yield lambda entry: first_rows(session, contract, store.namespace, entry.partition, PREVIEW_ROWS)
        return
    if isinstance(store, DuckDBFile):
        with store.reading() as connection:
            yield lambda entry: _fetched(connection, columns, f"warehouse.{_where(contract, entry)}")
        return
    with duckdb.connect(config={"threads": 1}) as connection:  # others would read ahead of the first rows
        allow_reading(connection, (entry.location for entry in entries), platform.settings.s3)
        file = "read_parquet({}, hive_partitioning = false)"
        yield lambda entry: _fetched(connection, columns, file.format(quote_literal(entry.location)))


def _fetched(connection: DuckDBPyConnection, columns: str, source: str) -> Rows:
    return connection.execute(f"SELECT {columns} FROM {source} LIMIT {PREVIEW_ROWS}").fetchall()


def _where(contract: Contract, entry: Published) -> str:
    """The table, restricted to the partition."""
    names = {column.name: column.quoted for column in contract.partition_columns}
    chosen = [f"{names[name]} = {quote_literal(value)}" for name, value in entry.partition.values]
    return f'"{contract.name}" WHERE {" AND ".join(chosen) or "true"}'


def _place(entry: Published, *, is_file: bool) -> dict[str, Any]:
    """Where the partition is."""
    return {"object": dg.MetadataValue.path(entry.location)} if is_file else {}


def _shown(contract: Contract, rows: Rows) -> dict[str, Any]:
    """The partition's first rows, without what is said of persons: runs are remembered for long."""
    hidden = [bool(column.classification) for column in contract.stored_columns]
    told = [
        [HIDDEN if hides and value is not None else value for hides, value in zip(hidden, row, strict=True)]
        for row in rows
    ]
    preview = _preview([column.name for column in contract.stored_columns], told)
    return {"preview": dg.MetadataValue.md(preview)} if preview else {}


def _preview(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns downwards, since wide tables are cut off; as many rows as the UI shows without a click."""
    text = ""
    for count in range(1, len(rows) + 1):
        lines = [[name, *map(as_cell, values)] for name, *values in zip(names, *rows[:count], strict=True)]
        longer = markdown_table(["column", *(f"row {number}" for number in range(1, count + 1))], lines)
        if text and len(longer) >= UI_INLINE_LIMIT:
            break
        text = longer
    return text
