"""A table of the warehouse file whose contract changes: what it has in common stays, and nothing is lost unsaid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retail_assets.contracts import Column, Contract, contract
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets_tests.warehouse.staged import output_of, publication

FIRST, SECOND, WHOLE = Partition.of(date="2019-10-01"), Partition.of(date="2019-10-02"), Partition()
DAY = Column("date", "DATE", "The day.", required=True, partition_position=1)
NAME, NUMBER = Column("name", "VARCHAR", "A name."), Column("number", "DECIMAL(9,2)", "A number.")


def visits(*columns: Column) -> Contract:
    """The contract of a table of these columns."""
    return replace(contract("dim_product"), name="visits", columns=columns, row_rules=(), table_rules=(), sort_key=())


@pytest.fixture
def file(settings: Settings) -> DuckDBFile:
    """A warehouse that holds nothing."""
    settings.data_dir.mkdir(parents=True)
    return DuckDBFile(settings.warehouse_file, settings)


def publish(file: DuckDBFile, item: Contract, partition: Partition, sql: str, folder: Path, made: str) -> None:
    """Load one partition, with the rows of the query."""
    with file.writing(item):
        file.publish(output_of(item), [publication(item, partition, sql, folder, made)])


def rows(file: DuckDBFile) -> list[tuple[Any, ...]]:
    """All rows of the table."""
    with file.reading() as connection:
        return connection.execute("SELECT COLUMNS(*)::VARCHAR FROM warehouse.visits ORDER BY ALL").fetchall()


@pytest.fixture
def dated(file: DuckDBFile, tmp_path: Path) -> DuckDBFile:
    """Two days: the number of the second has cents, its name is no number."""
    item = visits(DAY, NAME, NUMBER)
    publish(file, item, FIRST, "SELECT '7' AS name, 1 AS number", tmp_path, "one")
    publish(file, item, SECOND, "SELECT 'Ada' AS name, 1.50 AS number", tmp_path, "one")
    return file


def test_a_new_column_has_no_value_until_a_day_is_loaded_anew(dated: DuckDBFile, tmp_path: Path) -> None:
    item = visits(DAY, NAME, NUMBER, Column("new", "BIGINT", "New.", required=True))

    publish(dated, item, SECOND, "SELECT 'Ada' AS name, 1.50 AS number, 4 AS new", tmp_path, "two")

    assert rows(dated) == [("2019-10-01", "7", "1.00", None), ("2019-10-02", "Ada", "1.50", "4")]
    assert set(dated.published(item)) == {FIRST, SECOND}


def test_a_dropped_column_goes(dated: DuckDBFile, tmp_path: Path) -> None:
    item = visits(DAY, NAME)

    publish(dated, item, SECOND, "SELECT 'Eve' AS name", tmp_path, "two")

    assert rows(dated) == [("2019-10-01", "7"), ("2019-10-02", "Eve")]


@pytest.mark.parametrize(
    ("name", "number", "left"),
    [
        ("VARCHAR", "DOUBLE", ("2019-10-02", "Ada", "1.5")),
        ("INTEGER", "DECIMAL(9,2)", None),
        ("VARCHAR", "INTEGER", None),
    ],
)
def test_days_whose_values_do_not_fit_a_new_type_are_to_be_loaded_anew(
    dated: DuckDBFile, tmp_path: Path, name: str, number: str, left: tuple[str, ...] | None
) -> None:
    third, item = Partition.of(date="2019-10-03"), visits(DAY, replace(NAME, type=name), replace(NUMBER, type=number))

    publish(dated, item, third, "SELECT '8' AS name, 2 AS number", tmp_path, "two")

    assert [row[0] for row in rows(dated)] == ["2019-10-01", *(["2019-10-02"] if left else []), "2019-10-03"]
    assert set(dated.published(item)) == {FIRST, third, *([SECOND] if left else [])}
    assert left is None or left in rows(dated)


def test_a_table_that_becomes_dated_is_loaded_anew(file: DuckDBFile, tmp_path: Path) -> None:
    whole, item = visits(replace(DAY, partition_position=None), NAME), visits(DAY, NAME)
    publish(file, whole, WHOLE, "SELECT DATE '2019-10-01' AS date, 'Ada' AS name", tmp_path, "one")
    assert file.published(item) == {}

    publish(file, item, SECOND, "SELECT 'Eve' AS name", tmp_path, "two")

    assert rows(file) == [("2019-10-02", "Eve")]
    assert set(file.published(item)) == {SECOND}


def test_a_table_that_is_no_longer_dated_is_loaded_anew(dated: DuckDBFile, tmp_path: Path) -> None:
    item = visits(replace(DAY, partition_position=None), NAME, NUMBER)
    assert dated.published(item) == {}

    publish(dated, item, WHOLE, "SELECT DATE '2019-10-05' AS date, 'Eve' AS name, 1 AS number", tmp_path, "two")

    assert rows(dated) == [("2019-10-05", "Eve", "1.00")]
    assert set(dated.published(item)) == {WHOLE}


def test_a_table_of_which_no_column_is_left_is_loaded_anew(file: DuckDBFile, tmp_path: Path) -> None:
    publish(file, visits(NAME), WHOLE, "SELECT 'Ada' AS name", tmp_path, "one")

    publish(file, visits(NUMBER), WHOLE, "SELECT 1 AS number", tmp_path, "two")

    assert rows(file) == [("1.00",)]


def test_a_file_that_is_written_anew_holds_the_same(dated: DuckDBFile) -> None:
    before, loads = rows(dated), dated.published(visits(DAY, NAME, NUMBER))
    at = dated.version()

    dated.rewrite()

    assert dated.version() != at
    assert rows(dated) == before
    assert dated.published(visits(DAY, NAME, NUMBER)) == loads
    assert [path.name for path in dated.path.parent.iterdir() if path.name.startswith("warehouse")] == [dated.path.name]
