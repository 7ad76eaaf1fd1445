"""Long tables: what is read, what is filled, and a clear word for what no panel can hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from retail_assets.forecasting.reading import read_long_table


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def _written(path: Path, select: str) -> Path:
    duckdb.sql(f"COPY ({select}) TO '{path}'")
    return path


GOOD = """SELECT * FROM (VALUES ('b', DATE '2020-01-03', 2), ('a', DATE '2020-01-01', 1), ('a', DATE '2020-01-04', 5))
          t(unique_id, ds, y)"""


def test_series_are_sorted_and_gaps_are_zero(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    table = read_long_table(connection, _written(tmp_path / "t.parquet", GOOD))

    assert table.panel.ids.tolist() == ["a", "b"]
    assert table.panel.demand.tolist() == [[1, 0, 0, 5], [0, 0, 2, 0]]
    assert (table.panel.start, table.panel.end) == (date(2020, 1, 1), date(2020, 1, 4))
    assert table.filled_days == 3  # two of a, and the last day of b; before its first day b did not exist


@pytest.mark.parametrize("ending", ["t.parquet", "t.csv", "t.csv.gz"])
def test_parquet_and_csv_say_the_same(connection: duckdb.DuckDBPyConnection, tmp_path: Path, ending: str) -> None:
    table = read_long_table(connection, _written(tmp_path / ending, GOOD))

    assert table.panel.demand.tolist() == [[1, 0, 0, 5], [0, 0, 2, 0]]


def test_text_that_never_changes_within_a_series_groups_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    select = f"""SELECT *, CASE unique_id WHEN 'a' THEN 'north' ELSE 'south' END AS region,
                        'note ' || y AS note, y * 2 AS lines, 1.5 AS price FROM ({GOOD})"""

    table = read_long_table(connection, _written(tmp_path / "t.parquet", select))

    assert {name: codes.tolist() for name, codes in table.panel.groups.items()} == {"region": [0, 1]}
    assert table.ignored_columns == ("note", "lines")
    assert table.panel.prices is not None
    assert table.panel.prices[0, 0] == 1.5


def test_a_file_of_groups_may_use_any_type(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    groups = _written(
        tmp_path / "g.parquet", "FROM (VALUES ('b', 7, NULL), ('a', 9, 'x'), ('c', 1, 'x')) t(unique_id, store, dept)"
    )

    table = read_long_table(connection, _written(tmp_path / "t.parquet", GOOD), groups)

    assert {name: codes.tolist() for name, codes in table.panel.groups.items()} == {"store": [1, 0], "dept": [0, 1]}


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("unique_id AS id, ds AS day, y FROM good", "has no column unique_id and no ds; it has id, day, y"),
        ("* FROM good WHERE false", "has no rows"),
        ("* FROM good UNION ALL SELECT 'a', '2020-01-04', 9", "1 rows repeat a unique_id and ds; a has 2 rows of"),
        (
            "* REPLACE (IF(y = 5, 'nan'::DOUBLE, y) AS y) FROM good",
            "1 of 3 rows have no number in y, such as unique_id a",
        ),
        ("* REPLACE (nullif(y, 5) AS y) FROM good", "no number in y, such as unique_id a, ds 2020-01-04, y NULL"),
        ("* REPLACE (IF(y = 5, 'many', y::TEXT) AS y) FROM good", "such as unique_id a, ds 2020-01-04, y many"),
        ("* REPLACE ('infinity'::DOUBLE AS y) FROM good", "3 of 3 rows have an infinite y"),
        ("* REPLACE (1 - y AS y) FROM good", "2 of 3 rows have a negative y, such as unique_id a, ds 2020-01-04, y -4"),
        ("* REPLACE (nullif(unique_id, 'b') AS unique_id) FROM good", "1 of 3 rows have no unique_id"),
        ("* REPLACE (IF(y = 5, 'soon', ds::TEXT) AS ds) FROM good", "no date in ds, such as unique_id a, ds soon, y 5"),
        ("* REPLACE (ds + INTERVAL 90 MINUTE AS ds) FROM good", "3 of 3 rows have a time of day in ds"),
        ("'a' AS unique_id, DATE '2020-01-01' + 7 * n::INT AS ds, 1 AS y FROM range(20) t(n)", "is not daily: its 20"),
        (
            "n AS unique_id, DATE '0001-01-01' + (n // 2 * 600 + n % 2)::INT AS ds, 1 AS y FROM range(3000) t(n)",
            "Is a date wrong?",
        ),
    ],
)
def test_what_no_panel_can_hold_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, select: str, told: str
) -> None:
    path = _written(tmp_path / "t.parquet", f"WITH good AS ({GOOD}) SELECT {select}")

    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        read_long_table(connection, path)

    assert str(raised.value).startswith(str(path))


def test_a_file_that_is_not_there_or_no_table(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no file"):
        read_long_table(connection, tmp_path / "absent.parquet")
    (tmp_path / "t.parquet").write_text("hello")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        read_long_table(connection, tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("SELECT 'a' AS unique_id, 1 AS store", "lacks 1 series of the table, such as b"),
        ("FROM (VALUES ('a', 1), ('b', 1), ('a', 2)) t(unique_id, store)", "has several rows of unique_id a"),
        ("FROM (VALUES ('a'), ('b')) t(unique_id)", "has no column beside unique_id"),
        ("SELECT 1 AS store", "has no column unique_id"),
    ],
)
def test_groups_must_cover_each_series_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, select: str, told: str
) -> None:
    groups = _written(tmp_path / "g.parquet", select)

    with pytest.raises(ValueError, match=told):
        read_long_table(connection, _written(tmp_path / "t.parquet", GOOD), groups)
