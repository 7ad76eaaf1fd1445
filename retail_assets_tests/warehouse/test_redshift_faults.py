"""A connection that breaks at any step of a load: old rows serve, and the next run repairs."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest

from retail_assets.contracts.loader import read_contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore
from retail_assets_tests.servers.dropping import DroppingLine, Moment
from retail_assets_tests.warehouse.staged import output_of, publication

ODDITIES = read_contract(Path(__file__).with_name("oddities.yaml"))
OUTPUT = output_of(ODDITIES)
PARTITIONS = [Partition.of(region=name, date="2019-10-01") for name in ("north", "south")]


@pytest.fixture
def store(overheard: RedshiftStore) -> RedshiftStore:
    return overheard


def _items(count: int, folder: Path) -> list[Publication]:
    """Both partitions with so many rows each."""
    columns = ", ".join(f"NULL::{c.type} AS {c.quoted}" for c in ODDITIES.stored_columns if c.name != "number")
    sql = f"SELECT i AS number, {columns} FROM range({count}) AS r(i)"
    return [publication(ODDITIES, partition, sql, folder, f"{count} rows") for partition in PARTITIONS]


def _seen(reader: psycopg2.extensions.connection) -> list[int]:
    """Rows of each partition, as somebody else sees them."""
    with reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM oddities GROUP BY region ORDER BY region")
        return [count for (count,) in cursor.fetchall()]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_line_that_breaks_at_any_statement(
    store: RedshiftStore, line: DroppingLine, reader: psycopg2.extensions.connection, tmp_path: Path, moment: Moment
) -> None:
    store.publish(OUTPUT, _items(1, tmp_path))
    line.forget()
    store.publish(OUTPUT, _items(2, tmp_path))
    statements, rows = list(line.statements), 2
    assert [text for text in statements if text.startswith(("BEGIN", "LOCK", "DELETE", "INSERT", "COMMIT"))]

    for number, statement in enumerate(statements, start=1):
        old, rows = rows, rows + 1
        line.forget()
        line.drop_at, line.moment = number, moment

        with pytest.raises(RedshiftError, match="was lost"):
            store.publish(OUTPUT, _items(rows, tmp_path))

        line.forget()
        is_committed = statement == "COMMIT" and moment == "after"
        assert _seen(reader) == [rows if is_committed else old] * 2, statement
        assert {entry.rows for entry in store.published(ODDITIES).values()} == {rows if is_committed else old}
        assert store.publish(OUTPUT, _items(rows, tmp_path)) == (0 if is_committed else 2)
        assert _seen(reader) == [rows] * 2, statement
    area = store.staging_area
    assert [place for place, *_ in area.s3.listed(area.root)] == [store.version_mark.place]


def test_a_line_that_breaks_at_the_first_load(
    store: RedshiftStore, line: DroppingLine, reader: psycopg2.extensions.connection, tmp_path: Path
) -> None:
    """Schema, tables and comments are made on the way."""
    items = _items(1, tmp_path)
    store.publish(OUTPUT, items)
    count = len(line.statements)
    for number in range(1, count, 3):
        with reader.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {store.namespace} CASCADE")
        line.forget()
        line.drop_at, line.moment = number, "after"
        with pytest.raises(RedshiftError, match="was lost"):
            store.publish(OUTPUT, items)

        line.forget()
        assert store.publish(OUTPUT, items) == 2
        assert _seen(reader) == [1, 1]


def test_nobody_there(store: RedshiftStore, tmp_path: Path) -> None:
    away = store.settings.redshift.model_copy(update={"port": 1})
    alone = RedshiftStore(store.settings.model_copy(update={"redshift": away}))

    with pytest.raises(RedshiftError, match="nobody listens there: is it paused, and the port right"):
        alone.publish(OUTPUT, _items(1, tmp_path))
