"""`retail backtest` and `retail forecast`: any table of daily series, in every format."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest

from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error


@pytest.fixture
def table(tmp_path: Path, data_dir: Path) -> Path:
    """Twelve series of 140 days that sell more at weekends."""
    path = tmp_path / "sales.parquet"
    duckdb.sql(f"""COPY (
        SELECT 'item ' || lpad(item::TEXT, 2, '0') AS unique_id, DATE '2021-03-01' + day::INT AS ds,
            item % 4 + CASE WHEN day % 7 > 4 THEN 6 ELSE 1 END + hash(item * 1000 + day) % 3 AS y
        FROM range(12) a(item), range(140) b(day)) TO '{path}'""")
    return path


def test_a_back_test_as_json(retail: Retail, table: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.parquet"
    duckdb.sql(f"COPY (SELECT DISTINCT unique_id, right(unique_id, 1) AS shelf FROM '{table}') TO '{groups}'")

    result = retail(
        "backtest", "--input", str(table), "--horizon", "14", "--origins", "2", "--groups", str(groups), "-f", "json"
    )

    assert result.code == 0, result.err
    found = result.json
    assert (found["series"], found["groups"], found["horizon"]) == (12, ["shelf"], 14)
    assert found["origins"] == ["2021-06-20", "2021-07-04"]
    assert found["verdict"]["publish"] == "default"
    assert found["models"]["default"]["rmsse"] < found["models"]["ma_28"]["rmsse"]
    assert found["models"]["default"]["wrmsse"] < 1


def test_a_back_test_for_people(retail: Retail, table: Path) -> None:
    result = retail("backtest", "--input", str(table))

    assert result.code == 0, result.err
    assert "default beats both baselines" in result.out
    assert "12 series from 2021-03-01 to 2021-07-18" in result.err


@pytest.mark.parametrize("quiet_days", [60, 50])
def test_series_that_had_not_sold_by_an_origin_are_no_error(retail: Retail, tmp_path: Path, quiet_days: int) -> None:
    path = tmp_path / "quiet.csv"
    duckdb.sql(f"""COPY (
        SELECT 'new' AS unique_id, DATE '2021-03-01' + day::INT AS ds, 3 * (day >= {quiet_days})::INT AS y
        FROM range(60) b(day)) TO '{path}'""")

    told = retail("backtest", "--input", str(path), "--origins", "1")
    found = retail("backtest", "--input", str(path), "--origins", "1", "--format", "json")

    assert (told.code, found.code) == (0, 0), told.err + found.err
    assert "default does not beat seasonal_naive_7: RMSSE none against none" in told.out
    assert found.json["models"]["default"]["rmsse"] is None
    assert found.json["models"]["default"]["by_origin"][0]["series"] == 0


def test_forecasts_follow_the_last_day(retail: Retail, table: Path) -> None:
    result = retail("forecast", "--input", str(table), "--horizon", "7", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert len(rows) == 12 * 7
    assert (rows[0]["unique_id"], rows[0]["ds"], rows[0]["origin"]) == ("item 00", "2021-07-19", "2021-07-18")
    assert all(0 <= float(row["q10"]) <= float(row["q50"]) <= float(row["q90"]) for row in rows)


def test_forecasts_as_a_file_say_the_same(retail: Retail, table: Path, tmp_path: Path) -> None:
    target = tmp_path / "ahead.parquet"

    result = retail("forecast", "-i", str(table), "--horizon", "7", "-o", str(target))

    assert result.code == 0, result.err
    found = duckdb.sql(f"SELECT count(*), min(ds), max(ds), bool_and(mean >= 0) FROM '{target}'").fetchone()
    assert [str(value) for value in found or ()] == ["84", "2021-07-19", "2021-07-25", "True"]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []


@pytest.mark.parametrize("command", ["backtest", "forecast"])
def test_a_table_without_the_columns_is_one_clear_error(
    retail: Retail, data_dir: Path, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("item,day,units\na,2021-01-01,1\n")

    result = retail(command, "--input", str(path))

    assert_is_one_clear_error(result, "has no column unique_id and no ds and no y; it has item, day, units")


def test_a_table_that_is_too_short_is_one_clear_error(retail: Retail, table: Path) -> None:
    result = retail("backtest", "--input", str(table), "--origins", "9")

    assert_is_one_clear_error(result, "Ask for fewer origins or a shorter horizon")
