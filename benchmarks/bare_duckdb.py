"""The yardstick: one bare DuckDB script from CSV to the same final datasets.

No raw layer, no quarantine, no exact duplicates, no checks, no atomic publish, no Dagster: what is left when nobody
asks what became of a row. Run as ``python -m benchmarks.bare_duckdb CSV_FOLDER TARGET``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

CLEAN = """
    CREATE TABLE clean AS
    SELECT
        event_time::DATE AS date, event_time, lower(trim(event_type)) AS event_type, product_id, category_id,
        lower(category_code) AS category_code, lower(brand) AS brand, price, user_id, user_session
    FROM read_csv($files, header = true, auto_detect = false, delim = ',', quote = '"', ignore_errors = true,
        timestampformat = '%Y-%m-%d %H:%M:%S UTC', columns = {
            'event_time': 'TIMESTAMP', 'event_type': 'VARCHAR', 'product_id': 'VARCHAR', 'category_id': 'VARCHAR',
            'category_code': 'VARCHAR', 'brand': 'VARCHAR', 'price': 'DECIMAL(18,4)', 'user_id': 'VARCHAR',
            'user_session': 'VARCHAR'})
    WHERE price > 0 AND product_id IS NOT NULL AND user_id IS NOT NULL
        AND lower(trim(event_type)) IN ('view', 'cart', 'purchase')
"""
AGGREGATE = """
    SELECT
        '{key}' AS key_type, date, {key} AS key_value,
        count(*) FILTER (event_type = 'purchase') AS purchases_t,
        count(*) FILTER (event_type = 'view') AS views_t,
        count(*) FILTER (event_type = 'cart') AS carts_t,
        sum(price)::DOUBLE / count(*) AS price_mean_t,
        coalesce(sum(price) FILTER (event_type = 'purchase'), 0) AS revenue_t
    FROM clean WHERE {key} IS NOT NULL GROUP BY date, {key}
"""
FEATURES = """
    CREATE TABLE features AS
    WITH observed AS (
        SELECT *, lead(date, 1, DATE '9999-12-31') OVER (PARTITION BY key_type, key_value ORDER BY date) AS next_date
        FROM aggregates
    ),
    days AS (SELECT DISTINCT date FROM aggregates),
    series AS (
        SELECT * EXCLUDE (next_date) FROM observed
        UNION ALL
        SELECT key_type, days.date, key_value, 0, 0, 0, NULL, 0 FROM observed JOIN days
            ON days.date > observed.date AND days.date < next_date AND days.date <= observed.date + 27
    )
    SELECT
        *, purchases_t / nullif(views_t, 0) AS conv_rate, carts_t / nullif(views_t, 0) AS cart_rate,
        coalesce(sum(purchases_t) OVER (w RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS "purchases_t-1",
        coalesce(sum(purchases_t) OVER (w RANGE BETWEEN 7 PRECEDING AND 7 PRECEDING), 0) AS "purchases_t-7",
        coalesce(sum(views_t) OVER (w RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING), 0) AS "views_t-1",
        sum(purchases_t) OVER (w RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) / 7 AS "MA7",
        sum(purchases_t) OVER (w RANGE BETWEEN 27 PRECEDING AND CURRENT ROW) / 28 AS "MA28",
        dayofweek(date) AS day_of_week
    FROM series WINDOW w AS (PARTITION BY key_type, key_value ORDER BY date - DATE '1970-01-01')
"""


def main(source: Path, target: Path) -> None:
    """Read every CSV file below ``source`` and write the datasets and the warehouse file below ``target``."""
    target.mkdir(parents=True)
    connection = duckdb.connect(config={"temp_directory": str(target / "spill"), "memory_limit": "4GiB"})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.execute(CLEAN, {"files": sorted(str(path) for path in source.glob("*.csv"))})
    keys = ("product_id", "category_code", "brand")
    connection.execute("CREATE TABLE aggregates AS " + " UNION ALL ".join(AGGREGATE.format(key=key) for key in keys))
    connection.execute(FEATURES)
    for table, columns in {"clean": "date", "aggregates": "key_type, date", "features": "key_type, date"}.items():
        options = f"FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({columns})"
        connection.execute(f"COPY {table} TO '{target / table}' ({options})")
    connection.execute(f"ATTACH '{target / 'warehouse.duckdb'}' AS warehouse")
    connection.execute("CREATE TABLE warehouse.features AS FROM features")
    connection.execute(
        "CREATE TABLE warehouse.dim_product AS SELECT product_id, arg_max(category_code, event_time) AS category_code, "
        "arg_max(brand, event_time) AS brand, min(event_time) AS first_seen, max(event_time) AS last_seen "
        "FROM clean GROUP BY product_id"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
