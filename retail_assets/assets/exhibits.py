"""Exhibits: small tables about a published partition, as Markdown that people read in Dagster's UI."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from retail_assets.assets.documentation import UI_INLINE_LIMIT, as_cell, markdown_table
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import sql_text
from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_reading import read_again
from retail_assets.engine.session import session

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOG = logging.getLogger(__name__)
MOST_PARTITIONS = 10
"""The last of a run: each of their exhibits is a query of its own."""


def exhibited(
    platform: Platform, step: Step, output: str, partitions: Iterable[Partition]
) -> dict[Partition, dict[str, str]]:
    """The exhibits of an output by partition and name, as Markdown tables."""
    names = [exhibit.name for exhibit in step.exhibits if exhibit.output == output]
    if not names:
        return {}
    store = platform.store(step)
    held = {contract.name: store.dataset(contract) for contract in step.contracts()}
    inputs = platform.inputs(step)
    held |= {upstream.name: inputs[upstream.name].looking_back(upstream.lookback_days) for upstream in step.upstreams}
    with session(platform.settings) as connection:
        return {
            partition: dict(_tables(connection, names, held, partition))
            for partition in sorted(partitions)[-MOST_PARTITIONS:]
        }


def _tables(
    connection: DuckDBPyConnection, names: list[str], held: dict[str, Dataset], partition: Partition
) -> Iterator[tuple[str, str]]:
    """The exhibits of a partition that can be made: what they show is published, whether they can or not."""
    import duckdb

    for name in names:
        make = partial(_table, connection, name, held, partition)
        try:
            yield name, read_again(make) if any(dataset.is_on_s3 for dataset in held.values()) else make()
        except (duckdb.Error, S3Error, UnicodeDecodeError) as error:
            LOG.warning("no %s of %s, since it could not be read: %s", name, partition.key, error)


def _table(connection: DuckDBPyConnection, name: str, held: dict[str, Dataset], partition: Partition) -> str:
    connection.execute(f"SET VARIABLE date = {quote_literal(partition.get('date'))}")
    for dataset in (each.needed_by([partition]) for each in held.values()):
        dataset.open_to(connection)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(dataset.name)} AS {dataset.relation()}")
    found = connection.execute(sql_text(f"exhibits/{name}"))
    head = [column[0].replace("_", " ") for column in found.description or []]
    return _fitting(head, [[as_cell(value) for value in row] for row in found.fetchall()])


def _fitting(head: list[str], rows: list[list[str]]) -> str:
    """As many rows as the UI shows without a click."""
    for count in range(len(rows), 1, -1):
        table = markdown_table(head, rows[:count])
        if len(table) < UI_INLINE_LIMIT:
            return table
    return markdown_table(head, rows[:1])
