"""A table of Redshift whose contract comes to partition it in another way: it is loaded anew, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from retail_assets.contracts import Column, Contract, contract
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftStore
from retail_assets_tests.warehouse.staged import output_of, publication

FIRST, SECOND, WHOLE = Partition.of(date="2019-10-01"), Partition.of(date="2019-10-02"), Partition()
DAY = Column("date", "DATE", "The day.", required=True, partition_position=1)
NAME = Column("name", "VARCHAR", "A name.")
DATED = replace(
    contract("dim_product"),
    name="visits",
    columns=(DAY, NAME),
    row_rules=(),
    table_rules=(),
    sort_key=(),
    distribution=None,
)
UNDATED = replace(DATED, columns=(replace(DAY, partition_position=None), NAME))
Publish = Callable[[Contract, dict[Partition, str]], int]


@pytest.fixture
def store(cloud_settings: Settings) -> RedshiftStore:
    return RedshiftStore(cloud_settings)


@pytest.fixture
def publish(store: RedshiftStore, tmp_path: Path) -> Publish:
    """Publish partitions, each with a row of the name that it is given."""

    def run(item: Contract, names: dict[Partition, str]) -> int:
        date = "" if item.partition_columns else "DATE '2019-10-05' AS date, "
        made = [publication(item, at, f"SELECT {date}'{name}' AS name", tmp_path, name) for at, name in names.items()]
        return store.publish(output_of(item), made)

    return run


@pytest.fixture
def rows(reader: psycopg2.extensions.connection) -> Callable[[], list[tuple[Any, ...]]]:
    """All rows, as somebody else sees them."""

    def run() -> list[tuple[Any, ...]]:
        with reader.cursor() as cursor:
            cursor.execute("SELECT date::varchar, name FROM visits ORDER BY 1, 2")
            return cursor.fetchall()

    return run


def test_a_table_that_is_no_longer_dated_is_loaded_anew(
    store: RedshiftStore, publish: Publish, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    publish(DATED, {FIRST: "Ada", SECOND: "Eve"})
    before = store.version()
    assert store.published(UNDATED) == {}

    publish(UNDATED, {WHOLE: "Joy"})

    assert rows() == [("2019-10-05", "Joy")]
    assert {at: entry.inputs for at, entry in store.published(UNDATED).items()} == {WHOLE: "Joy"}
    assert store.published(DATED) == {}
    assert store.version() != before
    assert publish(UNDATED, {WHOLE: "Joy"}) == 0


def test_a_table_that_becomes_dated_is_loaded_anew(
    store: RedshiftStore, publish: Publish, rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    publish(UNDATED, {WHOLE: "Joy"})
    assert store.published(DATED) == {}

    publish(DATED, {FIRST: "Ada"})
    publish(DATED, {SECOND: "Eve"})

    assert rows() == [("2019-10-01", "Ada"), ("2019-10-02", "Eve")]
    assert set(store.published(DATED)) == {FIRST, SECOND}


def test_a_table_that_holds_both_is_loaded_anew_as_a_whole(
    store: RedshiftStore,
    publish: Publish,
    rows: Callable[[], list[tuple[Any, ...]]],
    reader: psycopg2.extensions.connection,
) -> None:
    """As loads once left it, which deleted no more than the partition that they loaded."""
    publish(DATED, {FIRST: "Ada"})
    with reader.cursor() as cursor:
        cursor.execute("INSERT INTO visits VALUES ('2019-10-05', 'Joy')")
        cursor.execute("INSERT INTO _loads SELECT table_name, 'all', 1, 1, '', 'Joy', '', 2 FROM _loads")
    assert store.published(DATED) == {}

    assert publish(DATED, {FIRST: "Ada", SECOND: "Eve"}) == 2

    assert rows() == [("2019-10-01", "Ada"), ("2019-10-02", "Eve")]
    assert set(store.published(DATED)) == {FIRST, SECOND}


def test_a_load_that_fails_leaves_the_table_as_it_was(
    store: RedshiftStore, publish: Publish, rows: Callable[[], list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    publish(DATED, {FIRST: "Ada", SECOND: "Eve"})
    item = publication(UNDATED, WHOLE, "SELECT DATE '2019-10-05' AS date, 'Joy' AS name", tmp_path, "Joy")

    with pytest.raises(RedshiftError, match="Nothing was loaded"):
        store.publish(output_of(UNDATED), [replace(item, facts=Facts(2, "other"))])

    assert rows() == [("2019-10-01", "Ada"), ("2019-10-02", "Eve")]
    assert set(store.published(DATED)) == {FIRST, SECOND}
