"""Questions about sales against what is known of a handful of rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retail_assets.questions.file_reader import FileReader
from retail_assets.settings import Settings
from retail_assets_tests.questions.test_answers import asked

TABLES = """
    CREATE TABLE sales_by_category (date DATE, category VARCHAR(20), payments BIGINT, gross_amount DECIMAL(38, 4),
        refunds DECIMAL(38, 4), net_amount DECIMAL(38, 4), customers BIGINT);
    INSERT INTO sales_by_category VALUES
        (DATE '2020-01-01', 'Drama', 2, 10.00, 0, 10.00, 2), (DATE '2020-01-02', 'Drama', 1, 5.50, 1.50, 4.00, 1),
        (DATE '2020-01-02', 'Action', 3, 20.25, 0, 20.25, 2), (DATE '2020-01-05', 'Drama', 1, 99, 0, 99, 1);
    CREATE TABLE sales_by_region (date DATE, region VARCHAR(20), payments BIGINT, gross_amount DECIMAL(38, 4),
        refunds DECIMAL(38, 4), net_amount DECIMAL(38, 4), customers BIGINT);
    INSERT INTO sales_by_region VALUES
        (DATE '2020-01-01', 'Peru', 2, 10.00, 0, 10.00, 2), (DATE '2020-01-02', 'Peru', 1, 5.50, 1.50, 4.00, 1),
        (DATE '2020-01-02', 'Chad', 3, 20.25, 0, 20.25, 2), (DATE '2020-01-05', 'Fiji', 1, 99, 0, 99, 1);
    CREATE TABLE sales_by_category_region (date DATE, category VARCHAR(20), region VARCHAR(20), payments BIGINT,
        gross_amount DECIMAL(38, 4), refunds DECIMAL(38, 4), net_amount DECIMAL(38, 4), customers BIGINT);
    INSERT INTO sales_by_category_region VALUES
        (DATE '2020-01-01', 'Drama', 'Peru', 2, 10.00, 0, 10.00, 2),
        (DATE '2020-01-02', 'Drama', 'Peru', 1, 5.50, 1.50, 4.00, 1),
        (DATE '2020-01-02', 'Action', 'Chad', 3, 20.25, 0, 20.25, 2);
    CREATE TABLE customer_value (customer_id VARCHAR(20), first_payment_at TIMESTAMP, last_payment_at TIMESTAMP,
        payments BIGINT, net_amount DECIMAL(38, 4), favourite_category VARCHAR(20), region VARCHAR(20), active BOOLEAN);
    INSERT INTO customer_value VALUES
        ('1', TIMESTAMP '2020-01-01 10:00:00', TIMESTAMP '2020-01-02 11:00:00', 3, 14, 'Drama', 'Peru', true),
        ('2', TIMESTAMP '2020-01-02 10:00:00', TIMESTAMP '2020-01-02 10:00:00', 3, 20.25, 'Action', 'Chad', NULL),
        ('3', NULL, NULL, 0, 0, NULL, 'Fiji', false);
    CREATE TABLE sales_forecast (date DATE, key_type VARCHAR(20), key_value VARCHAR(20), forecast_date DATE,
        mean DOUBLE PRECISION);
    INSERT INTO sales_forecast VALUES
        (DATE '2020-01-01', 'region', 'Peru', DATE '2020-01-06', 100),
        (DATE '2020-01-04', 'region', 'Peru', DATE '2020-01-05', 1),
        (DATE '2020-01-04', 'region', 'Peru', DATE '2020-01-06', 2.5),
        (DATE '2020-01-04', 'region', 'Chad', DATE '2020-01-06', 7),
        (DATE '2020-01-04', 'region', 'Chad', DATE '2020-01-07', 0.5),
        (DATE '2020-01-04', 'category', 'Drama', DATE '2020-01-06', 10);
"""
"""In words that DuckDB and Redshift share."""
DAYS: dict[str, Any] = {"first": date(2020, 1, 1), "last": date(2020, 1, 2)}
SALES: dict[str, dict[str, Any]] = {
    "sales_reach": {},
    "sales_dates": DAYS,
    "sales_cuts": {**DAYS, "cut": "region", "limit": 5},
    "sales_matrix": {**DAYS, "limit": 1},
    "sales_expected": {"cut": "region", "last": date(2020, 1, 5), "limit": 5},
    "best_customers": {"limit": 5},
}


def sales_file(folder: Path) -> Settings:
    """Settings of a platform whose warehouse file holds these tables."""
    settings = Settings(data_dir=folder, threads=2, memory_limit_mb=512)
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        connection.execute(TABLES)
    return settings


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[FileReader]:
    opened = FileReader(sales_file(tmp_path))
    yield opened
    opened.close()


def test_reach(reader: FileReader) -> None:
    (found,) = asked(reader, "sales_reach")

    assert found == {"first_date": date(2020, 1, 1), "last_date": date(2020, 1, 5), "dates": 3}


def test_dates(reader: FileReader) -> None:
    assert asked(reader, "sales_dates", **DAYS) == [
        {"date": date(2020, 1, 1), "payments": 2, "gross": 10, "refunds": 0, "net": 10},
        {"date": date(2020, 1, 2), "payments": 4, "gross": 25.75, "refunds": 1.5, "net": 24.25},
    ]


@pytest.mark.parametrize(("cut", "names"), [("category", ["Action", "Drama"]), ("region", ["Chad", "Peru"])])
def test_cuts(reader: FileReader, cut: str, names: list[str]) -> None:
    found = asked(reader, "sales_cuts", cut=cut, limit=5, **DAYS)

    assert [row["name"] for row in found] == names
    assert [(row["net"], row["refunds"]) for row in found] == [(20.25, 0), (14, 1.5)]


def test_the_matrix_is_of_the_regions_that_sell_most(reader: FileReader) -> None:
    assert asked(reader, "sales_matrix", limit=1, **DAYS) == [{"category": "Action", "region": "Chad", "net": 20.25}]


def test_what_is_expected_is_of_the_days_to_come_by_the_latest_forecast(reader: FileReader) -> None:
    found = asked(reader, "sales_expected", cut="region", last=date(2020, 1, 5), limit=5)

    origin = date(2020, 1, 4)
    assert found == [
        {"name": "Chad", "origin": origin, "until_date": date(2020, 1, 7), "expected": 7.5},
        {"name": "Peru", "origin": origin, "until_date": date(2020, 1, 6), "expected": 2.5},
    ]
    assert asked(reader, "sales_expected", cut="region", last=date(2020, 1, 7), limit=5) == []


def test_customers_without_payments_are_not_among_the_best(reader: FileReader) -> None:
    found = asked(reader, "best_customers", limit=5)

    assert [(row["customer_id"], row["net"]) for row in found] == [("2", 20.25), ("1", 14)]
    assert found[1]["last_payment_at"] == datetime(2020, 1, 2, 11)
