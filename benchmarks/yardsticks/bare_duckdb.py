"""The first yardstick: one bare DuckDB script from CSV to clean events, aggregates and features, each as Parquet.

No raw layer, no quarantine, no exact duplicates, no checks, no atomic publish, no Dagster: what is left when nobody
asks what became of a row. Run as ``python -m benchmarks.yardsticks.bare_duckdb CSV_FOLDER TARGET``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

KEYS = ("product_id", "category_code", "brand")
CLEAN = """
    SELECT
        event_time, lower(trim(event_type)) AS event_type, product_id, category_id,
        lower(trim(category_code)) AS category_code, lower(trim(brand)) AS brand, price, user_id, user_session
    FROM read_csv('{source}/*.csv', header = true, auto_detect = false, delim = ',', quote = '"',
        ignore_errors = true, timestampformat = '%Y-%m-%d %H:%M:%S UTC', columns = {{
            'event_time': 'TIMESTAMP', 'event_type': 'VARCHAR', 'product_id': 'VARCHAR', 'category_id': 'VARCHAR',
            'category_code': 'VARCHAR', 'brand': 'VARCHAR', 'price': 'DECIMAL(18,4)', 'user_id': 'VARCHAR',
            'user_session': 'VARCHAR'}})
    WHERE price > 0 AND product_id IS NOT NULL AND user_id IS NOT NULL
        AND lower(trim(event_type)) IN ('view', 'cart', 'purchase')
        AND event_time BETWEEN TIMESTAMP '2016-01-01' AND localtimestamp
"""
AGGREGATES = """
    SELECT
        event_time::DATE AS date, '{key}' AS key_type, {key} AS key_value,
        count(*) FILTER (event_type = 'purchase') AS purchases_t,
        count(*) FILTER (event_type = 'view') AS views_t,
        count(*) FILTER (event_type = 'cart') AS carts_t,
        sum(price)::DOUBLE / count(*) AS price_mean_t,
        coalesce(sum(price) FILTER (event_type = 'purchase'), 0) AS revenue_t
    FROM '{target}/clean.parquet' WHERE {key} IS NOT NULL GROUP BY ALL
"""
FEATURES = """
    WITH aggregates AS (FROM '{target}/aggregates_*.parquet'),
    observed AS (
        SELECT *, lead(date, 1, DATE '9999-12-31') OVER (PARTITION BY key_type, key_value ORDER BY date) AS next_date
        FROM aggregates
    ),
    days AS (SELECT DISTINCT date FROM aggregates),
    series AS (
        SELECT * EXCLUDE (next_date) FROM observed
        UNION ALL
        SELECT days.date, key_type, key_value, 0, 0, 0, NULL, 0 FROM observed JOIN days
            ON days.date > observed.date AND days.date < next_date AND days.date <= observed.date + 27
    )
    SELECT
        *, purchases_t / nullif(views_t, 0) AS conv_rate, carts_t / nullif(views_t, 0) AS cart_rate,
        coalesce(sum(purchases_t) OVER (w RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS "purchases_t-1",
        coalesce(sum(purchases_t) OVER (w RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING), 0) AS "purchases_t-7",
        coalesce(sum(views_t) OVER (w RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS "views_t-1",
        sum(purchases_t) OVER (w RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) / 7 AS "MA7",
        sum(purchases_t) OVER (w RANGE BETWEEN 27 PRECEDING AND CURRENT ROW) / 28 AS "MA28",
        isodow(date) - 1 AS day_of_week
    FROM series WINDOW w AS (PARTITION BY key_type, key_value ORDER BY date - DATE '1970-01-01')
"""


def main(source: Path, target: Path) -> None:
    """Read every CSV file below ``source`` and write the datasets below ``target``."""
    target.mkdir(parents=True)
    connection = duckdb.connect(config={"temp_directory": str(target / "spill"), "preserve_insertion_order": False})
    queries = {
        "clean": CLEAN.format(source=source),
        **{f"aggregates_{key}": AGGREGATES.format(target=target, key=key) for key in KEYS},
        "features": FEATURES.format(target=target),
    }
    for name, query in queries.items():
        connection.execute(f"COPY ({query}) TO '{target}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
