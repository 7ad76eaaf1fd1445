"""``python -m benchmarks.redshift_rows FILE WORK ROWS``: rows of features into Redshift and out again, timed.

``prepare`` puts them into the lake, a partition a date; ``load`` and ``bundle`` load ten large and a hundred small
partitions as the platform does; ``query`` and ``unload`` read them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.data import START
from benchmarks.timing import Parts
from retail_assets.assets import warehouse_tables
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query
from retail_assets.engine.writing import write
from retail_assets.settings import settings
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets.warehouse.redshift.reading import read

FEW, MANY = 10, 100
SQL = """
    WITH numbered AS (
        SELECT DATE '{start}' + (i % {dates})::INTEGER AS date, i // {dates} AS number, hash(i) AS chance
        FROM range({rows}) AS r(i)
    )
    SELECT
        'product_id' AS key_type, date, (1000000 + number)::VARCHAR AS key_value,
        (chance % 9)::BIGINT AS purchases_t, (1 + chance % 200)::BIGINT AS views_t, (chance % 20)::BIGINT AS carts_t,
        1 + (chance % 99999) / 100 AS price_mean_t, ((chance % 9) * 19.99)::DECIMAL(38, 4) AS revenue_t,
        (chance % 9) / (1 + chance % 200) AS conv_rate, (chance % 20) / (1 + chance % 200) AS cart_rate,
        (chance % 8)::BIGINT AS "purchases_t-1", (chance % 7)::BIGINT AS "purchases_t-7",
        (chance % 150)::BIGINT AS "views_t-1", (chance % 9)::DOUBLE AS "MA7", (chance % 9)::DOUBLE AS "MA28",
        (isodow(date) - 1)::TINYINT AS day_of_week, isodow(date) > 5 AS is_weekend, 0::TINYINT AS holiday_flag,
        28::TINYINT AS window_days_present
    FROM numbered
    ORDER BY key_type, date, key_value
"""


def prepare(platform: Platform, rows: int, parts: Parts) -> None:
    """Put the rows into the lake twice: as few partitions, and later as many."""
    for first, dates in ((0, FEW), (FEW, MANY)):
        start = START + timedelta(first)
        content = Query("rows", SQL.format(start=start, dates=dates, rows=rows))
        write(platform.stores["lake"], contract("features"), content, _partitions(first, dates), platform.settings)


def load(platform: Platform, rows: int, parts: Parts) -> None:
    """Few partitions, each copied from where it lies."""
    _load(platform, parts, _partitions(0, FEW), rows)


def bundle(platform: Platform, rows: int, parts: Parts) -> None:
    """Many partitions, which go in a few objects."""
    _load(platform, parts, _partitions(FEW, MANY), rows)


def query(platform: Platform, rows: int, parts: Parts) -> None:
    """The rows of the few partitions by a query."""
    _read(platform, parts, "read by a query", rows, inline_rows=rows)


def unload(platform: Platform, rows: int, parts: Parts) -> None:
    """The same by UNLOAD."""
    _read(platform, parts, "read by UNLOAD", rows, inline_rows=0)


def _partitions(first: int, dates: int) -> list[Partition]:
    days = (START + timedelta(first + number) for number in range(dates))
    return [Partition.of(date=day.isoformat(), key_type="product_id") for day in days]


def _load(platform: Platform, parts: Parts, wanted: list[Partition], rows: int) -> None:
    step = warehouse_tables.features
    inputs = platform.inputs(step)
    made = parts.time(
        f"load {rows:,} rows in {len(wanted)} partitions",
        lambda: list(materialize(platform, step, inputs, wanted)),
    )
    if not all(item.published for item in made) or sum(item.facts["features"].rows for item in made) != rows:
        raise RuntimeError("not all rows were loaded")


def _read(platform: Platform, parts: Parts, name: str, rows: int, *, inline_rows: int) -> None:
    chosen = platform.settings.redshift.model_copy(update={"inline_rows": inline_rows})
    store = RedshiftStore(platform.settings.model_copy(update={"redshift": chosen}))
    table = parts.time(f"{name}, {rows:,} rows", lambda: read(store, contract("features"), _partitions(0, FEW)))
    if table.num_rows != rows:
        raise RuntimeError(f"{table.num_rows:,} rows were read instead of {rows:,}")


WORKS: dict[str, Callable[[Platform, int, Parts], None]] = {
    work.__name__: work for work in (prepare, load, bundle, query, unload)
}

if __name__ == "__main__":
    timed = Parts()
    WORKS[sys.argv[2]](Platform.of(settings()), int(sys.argv[3]), timed)
    timed.write(Path(sys.argv[1]))
