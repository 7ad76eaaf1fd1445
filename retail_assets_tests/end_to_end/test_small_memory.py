"""A month in too little memory: it is made by batches and by spilling, and what comes out is the same."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from hashlib import md5
from pathlib import Path

import duckdb
import pytest

from benchmarks.measure import Measured, run
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.session import session
from retail_assets.settings import Settings
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop
from retail_assets_tests.building import COLUMNS

MEBIBYTE = 1024 * 1024
LIMIT = 96
"""MiB. What a month of 5.8 GB is to 1 GiB, the files of this test are to this."""
SIZE = round(LIMIT * 5.8e9 / 2**30) * MEBIBYTE
EVENTS = 250_000
PRODUCTS = 20_000
"""Fewer events than a month of that size has, each wider; but as many days, and for its size as many products."""
ROOM = 500
"""MB that the process may take beside DuckDB's limit: Python, its libraries, texts on their way to DuckDB."""
DATASETS = ("raw_events", "clean_events", "rejected_events", "daily_aggregates", "product_days", "features")
TABLES = ("features", "dim_product", "data_quality")

REPEATS = 4
"""Of every digest that widens a row, so that texts compress as well as those of a real month."""
WIDEN = """
    COPY (
        SELECT * REPLACE (user_session || repeat({digests}, {repeats}) AS user_session)
        FROM read_csv('{source}', header = true, all_varchar = true, auto_detect = false, delim = ',', quote = '"',
            columns = {columns}, ignore_errors = true)
    ) TO '{target}' (HEADER, DELIMITER ',')
"""


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """One CSV file of a month, more than five times as large as the limit."""
    shop, wide = tmp_path / "shop", tmp_path / "wide" / "month.csv"
    generate_shop(ShopPlan(EVENTS, date(2019, 10, 1), date(2019, 10, 31), products=PRODUCTS, per_file="month"), shop)
    (source,) = shop.glob("*.csv")
    wide.parent.mkdir()
    number = (SIZE - source.stat().st_size) // EVENTS // (REPEATS * len(md5().hexdigest()))
    digests = " || ".join(f"md5(user_session || event_time || product_id || {n})" for n in range(number))
    columns = dict.fromkeys(COLUMNS, "VARCHAR")
    widen = WIDEN.format(source=source, target=wide, digests=digests, repeats=REPEATS, columns=columns)
    duckdb.sql(widen)
    source.unlink()
    return wide


def test_a_month_five_times_as_large_as_the_memory_gives_the_same(month: Path, tmp_path: Path) -> None:
    small, ample = (
        Platform.local(Settings(data_dir=tmp_path / name, threads=2, memory_limit_mb=limit))
        for name, limit in (("small", LIMIT), ("ample", 4096))
    )

    measured = _made(small, month)
    _made(ample, month)

    assert month.stat().st_size > 5 * LIMIT * MEBIBYTE
    assert measured.peak_mb < LIMIT * MEBIBYTE / 1e6 + ROOM
    assert _digests(small) == _digests(ample)
    assert _tables(small) == _tables(ample)
    _require_in_force(small)
    for folder in (month.parent, small.settings.data_dir, ample.settings.data_dir):
        shutil.rmtree(folder)  # pytest keeps what some runs leave


def _made(platform: Platform, month: Path) -> Measured:
    """Everything, from the file to the warehouse, in a process of its own."""
    landing = platform.settings.landing_dir
    landing.mkdir(parents=True)
    (landing / month.name).hardlink_to(month)
    measured = run(
        [sys.executable, "-m", "benchmarks.without_dagster"],
        {
            "RETAIL_DATA_DIR": str(platform.settings.data_dir),
            "RETAIL_MEMORY_LIMIT_MB": str(platform.settings.memory_limit_mb),
            "RETAIL_THREADS": str(platform.settings.threads),
        },
    )
    (landing / month.name).unlink()
    return measured


def _digests(platform: Platform) -> dict[str, dict[str, str]]:
    """Of every partition of the lake; it depends on the rows and not on their order."""
    published = {name: platform.stores["lake"].published(contract(name)) for name in DATASETS}
    digests = {name: {part.key: entry.digest for part, entry in found.items()} for name, found in published.items()}
    assert len(digests["features"]) == 31 * 3
    return digests


def _tables(platform: Platform) -> dict[str, object]:
    """Rows and a digest of every table of the warehouse."""
    with duckdb.connect(str(platform.settings.warehouse_file), read_only=True) as connection:
        return {
            name: connection.execute(f"SELECT count(*), sum(hash(t)) FROM {name} AS t").fetchone() for name in TABLES
        }


def _require_in_force(platform: Platform) -> None:
    """The limit is in force: what cannot be spilled fails."""
    raw = platform.stores["lake"].dataset(contract("raw_events")).relation()
    with session(platform.settings) as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute(f"SELECT len(list(user_session)) FROM ({raw})")
