"""What the platform replaces: the published pipeline's way from CSV to features, with dask and pandas.

Written by us from the description in docs/differences_from_the_published_pipeline.md. One key type after another, each
reading the whole CSV again: dask adds up counts by date and key, then pandas goes through the keys one by one and
takes lags and moving averages over each key's rows. No clean events, no checks. Run as
``python -m benchmarks.yardsticks.published_pipeline CSV_FOLDER TARGET``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dask.dataframe as dd
import holidays
import pandas as pd

KEYS = ("product_id", "category_code", "brand")
COUNTS = {"purchase": "purchases_t", "view": "views_t", "cart": "carts_t"}


def main(source: Path, target: Path) -> None:
    """Read every CSV file below ``source`` once for each key type and write its features below ``target``."""
    for key in KEYS:
        features = with_calendar(with_lags(aggregates(source, key)))
        for day, rows in features.groupby("date"):
            folder = target / f"key_type={key}" / f"date={day:%Y-%m-%d}"
            folder.mkdir(parents=True)
            rows.to_parquet(folder / "data.parquet", index=False)


def aggregates(source: Path, key: str) -> pd.DataFrame:
    """Counts, mean price and rates per date and key."""
    events = dd.read_csv(str(source / "*.csv"), dtype=str)
    events["price"] = dd.to_numeric(events["price"], errors="coerce")
    events["date"] = dd.to_datetime(events["event_time"], errors="coerce", utc=True).dt.tz_localize(None).dt.floor("D")
    for kind, name in COUNTS.items():
        events[name] = (events["event_type"] == kind).fillna(False).astype("int64")
    events = events.dropna(subset=["date", key])
    grouped = events.groupby(["date", key]).agg({**dict.fromkeys(COUNTS.values(), "sum"), "price": "mean"})
    found: pd.DataFrame = grouped.compute().reset_index().rename(columns={key: "key_value", "price": "price_mean_t"})
    found["conv_rate"] = found["purchases_t"] / found["views_t"]
    found["cart_rate"] = found["carts_t"] / found["views_t"]
    return found


def with_lags(found: pd.DataFrame) -> pd.DataFrame:
    """Each key's rows with the values of the rows before them; what is not known is 0."""
    lagged = found.sort_values("date").groupby("key_value").apply(_lagged)
    return lagged.reset_index(level="key_value").reset_index(drop=True).fillna(0)


def _lagged(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.copy()
    rows["purchases_t-1"] = rows["purchases_t"].shift(1)
    rows["purchases_t-7"] = rows["purchases_t"].shift(7)
    rows["views_t-1"] = rows["views_t"].shift(1)
    rows["MA7"] = rows["purchases_t"].rolling(7, min_periods=1).mean()
    rows["MA28"] = rows["purchases_t"].rolling(28, min_periods=1).mean()
    return rows


def with_calendar(features: pd.DataFrame) -> pd.DataFrame:
    """The day of the week and whether it is a holiday, row by row."""
    known = holidays.country_holidays("US")
    features["day_of_week"] = features["date"].dt.dayofweek
    features["is_weekend"] = features["day_of_week"] >= 5
    features["holiday_flag"] = features["date"].apply(lambda day: int(day in known))
    return features


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
