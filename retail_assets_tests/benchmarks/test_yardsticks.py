"""The yardstick that needs no extra package gives the platform's numbers: else nothing could be measured with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from benchmarks.yardsticks import bare_duckdb
from retail_assets.assets.platform import Platform
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop
from retail_assets_tests.building import build

SUMS = """
    SELECT key_type, count(*), sum(purchases_t)::BIGINT, sum(views_t)::BIGINT, sum(carts_t)::BIGINT,
        sum(revenue_t)::DECIMAL(38, 4), sum("purchases_t-1")::BIGINT, sum("purchases_t-7")::BIGINT,
        sum("views_t-1")::BIGINT, round(sum(conv_rate), 6), sum(day_of_week)::BIGINT
    FROM read_parquet('{files}', hive_partitioning = true) GROUP BY ALL ORDER BY ALL
"""


def test_the_bare_script_gives_the_platforms_features(platform: Platform, tmp_path: Path) -> None:
    shop = ShopPlan(2_000, date(2019, 10, 1), date(2019, 10, 9), per_file="month", bad_share=0)
    generate_shop(shop, platform.settings.landing_dir)
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")

    bare_duckdb.main(platform.settings.landing_dir, tmp_path / "bare")

    lake = platform.settings.lake_dir / "features"
    ours, bare = (
        duckdb.sql(SUMS.format(files=files)).fetchall()
        for files in (f"{lake}/**/*.parquet", tmp_path / "bare" / "features.parquet")
    )
    assert [row[0] for row in ours] == ["brand", "category_code", "product_id"]
    assert ours == bare
