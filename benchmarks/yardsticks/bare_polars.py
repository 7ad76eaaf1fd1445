"""The second yardstick: one bare Polars script, streaming, from CSV to clean events, aggregates and features.

What ``bare_duckdb`` does, with the same rules and the same files. Run as
``python -m benchmarks.yardsticks.bare_polars CSV_FOLDER TARGET``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

KEYS = ("product_id", "category_code", "brand")
TEXT = ("event_type", "product_id", "category_id", "category_code", "brand", "user_id", "user_session")
KINDS = ("view", "cart", "purchase")
FIRST_TIME = datetime(2016, 1, 1)  # noqa: DTZ001 -- the times in the files are UTC and say so in text
ACTIVE_DAYS = 28
SERIES = ("key_type", "key_value")


def main(source: Path, target: Path) -> None:
    """Read every CSV file below ``source`` and write the datasets below ``target``."""
    target.mkdir(parents=True)
    clean(source).sink_parquet(target / "clean.parquet", compression="zstd")
    for key in KEYS:
        aggregate(target / "clean.parquet", key).sink_parquet(target / f"aggregates_{key}.parquet", compression="zstd")
    features(target).sink_parquet(target / "features.parquet", compression="zstd")


def clean(source: Path) -> pl.LazyFrame:
    """The good events of all files, normalised."""
    text = dict.fromkeys(("event_time", *TEXT, "price"), pl.String)
    events = pl.scan_csv(sorted(source.glob("*.csv")), schema_overrides=text, ignore_errors=True)
    normal = [pl.col(name).str.strip_chars(" ").str.to_lowercase() for name in ("event_type", "category_code", "brand")]
    return events.with_columns(
        *normal,
        pl.col("event_time").str.to_datetime("%Y-%m-%d %H:%M:%S UTC", strict=False),
        pl.col("price").cast(pl.Decimal(18, 4), strict=False),
    ).filter(
        pl.col("event_time").is_between(FIRST_TIME, datetime.now(UTC).replace(tzinfo=None)),
        pl.col("price") > 0,
        pl.col("product_id").is_not_null(),
        pl.col("user_id").is_not_null(),
        pl.col("event_type").is_in(KINDS),
    )


def aggregate(events: Path, key: str) -> pl.LazyFrame:
    """Counts, mean price and revenue per day and key."""
    bought, viewed, carted = (pl.col("event_type") == kind for kind in ("purchase", "view", "cart"))
    return (
        pl.scan_parquet(events)
        .filter(pl.col(key).is_not_null())
        .group_by(pl.col("event_time").dt.date().alias("date"), pl.col(key).alias("key_value"))
        .agg(
            bought.sum().cast(pl.Int64).alias("purchases_t"),
            viewed.sum().cast(pl.Int64).alias("views_t"),
            carted.sum().cast(pl.Int64).alias("carts_t"),
            (pl.col("price").sum().cast(pl.Float64) / pl.len()).alias("price_mean_t"),
            pl.col("price").filter(bought).sum().alias("revenue_t"),
        )
        .with_columns(pl.lit(key).alias("key_type"))
    )


def features(target: Path) -> pl.LazyFrame:
    """Lags and moving averages over the days of each key, quiet ones included for 28 days."""
    series = _series(pl.scan_parquet([target / f"aggregates_{key}.parquet" for key in KEYS]))
    bought, viewed = pl.col("purchases_t"), pl.col("views_t")
    return (
        series.sort(*SERIES, "date")
        .with_columns(
            (bought / viewed).replace([float("inf"), float("nan")], None).alias("conv_rate"),
            (pl.col("carts_t") / viewed).replace([float("inf"), float("nan")], None).alias("cart_rate"),
            _before(bought, 1).alias("purchases_t-1"),
            _before(bought, 7).alias("purchases_t-7"),
            _before(viewed, 1).alias("views_t-1"),
            (_sum_of_days(bought, 7) / 7).alias("MA7"),
            (_sum_of_days(bought, 28) / 28).alias("MA28"),
            (pl.col("date").dt.weekday() - 1).alias("day_of_week"),
        )
        .filter(_days_since_seen() < ACTIVE_DAYS)
    )


def _series(aggregates: pl.LazyFrame) -> pl.LazyFrame:
    """A row for each key on every date from its first one on."""
    first = aggregates.group_by(SERIES).agg(pl.col("date").min().alias("first_date"))
    days = aggregates.select("date").unique()
    grid = days.join(first, how="cross").filter(pl.col("date") >= pl.col("first_date")).drop("first_date")
    counts = pl.col("purchases_t", "views_t", "carts_t", "revenue_t").fill_null(0)
    return grid.join(aggregates, on=("date", *SERIES), how="left").with_columns(counts)


def _before(value: pl.Expr, days: int) -> pl.Expr:
    return value.shift(days, fill_value=0).over(SERIES)


def _sum_of_days(value: pl.Expr, days: int) -> pl.Expr:
    return value.rolling_sum(days, min_samples=1).over(SERIES)


def _days_since_seen() -> pl.Expr:
    seen = pl.when(pl.col("price_mean_t").is_not_null()).then("date").forward_fill().over(SERIES)
    return (pl.col("date") - seen).dt.total_days()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
