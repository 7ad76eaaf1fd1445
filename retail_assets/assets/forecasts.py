"""Forecasts: what to train on, the coming days of every live key, and how good they would have been.

Made from the latest day once a day, and for dates that somebody asks for, but not for every day of a backfill: a
forecast of a day long past helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from retail_assets.assets.forecast_tables import HORIZON, MEMORY_DAYS, ForecastTables
from retail_assets.assets.step import Exhibit, Upstream, step
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query, query
from retail_assets.forecasting.window import Window
from retail_assets.settings import Settings

EARNED = Audit(
    "forecast_earned",
    "The model beats both baselines on RMSSE within 5 % bias; else the better baseline is published. Warns only.",
    blocking=False,
    settings=("forecast_model",),
)
BIAS = Audit("forecast_bias", "What is published is off by no more than 5 % in sum. Warns only.", blocking=False)
COVERAGE = Audit("forecast_coverage", "The 80 % interval held 75 % to 85 % of the days. Warns only.", blocking=False)
DRIFT = Audit(
    "forecast_drift",
    "The RMSSE of the last tested origin is no more than a quarter above the mean of those before. Warns only.",
    blocking=False,
)


@step(partitioning="date_and_key", upstreams=(Upstream("features", "date_and_key", lookback_days=HORIZON),))
def training_set(features: Dataset, settings: Settings) -> Query:
    """The features of a day beside the purchases so many days later: nothing of the future but the label."""
    return query("forecast/training_set", parameters={"training_horizon": settings.training_horizon}, features=features)


@step(
    "demand_forecast",
    "forecast_backtest",
    "forecast_errors",
    partitioning="date_and_key",
    upstreams=(Upstream("daily_aggregates", "date_and_key", lookback_days=MEMORY_DAYS - 1),),
    audits=(EARNED, BIAS, COVERAGE, DRIFT),
    exhibits=(
        Exhibit("expected", "demand_forecast"),
        Exhibit("metrics", "forecast_backtest"),
        Exhibit("worst_series", "forecast_errors"),
    ),
)
def demand_forecast(daily_aggregates: Dataset, settings: Settings) -> Mapping[str, Query]:
    """Expected purchases of every live key on each of the coming 28 days, and the back-test of the model."""

    def windows(partitions: list[Partition]) -> Iterator[Window]:
        for partition in partitions:
            held = daily_aggregates.needed_by([partition]).partitions
            dates = [day for day in (past.date for past in held) if day]
            yield Window(max(dates), partition.get("key_type") or "", dates)

    made = ForecastTables(settings, "forecast/daily_purchases", {"daily_aggregates": daily_aggregates}, windows)
    return {
        "demand_forecast": query("forecast/demand_forecast", forecasts=made.table("forecasts")),
        "forecast_backtest": query("forecast/forecast_backtest", scores=made.table("scores")),
        "forecast_errors": query("forecast/forecast_errors", errors=made.table("errors")),
    }
