"""Forecasts of sales: the net amount of every live category and region on each of the coming days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from string import Template

from retail_assets.assets.forecast_tables import MEMORY_DAYS, ForecastTables
from retail_assets.assets.step import Upstream, step
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query, query, sql_text
from retail_assets.forecasting.window import Window
from retail_assets.settings import Settings

SALES_FORECAST_EARNED = Audit(
    "sales_forecast_earned",
    "By category and by region, the model beats both baselines; else the better baseline is published. Warns only.",
    blocking=False,
    settings=("forecast_model",),
    sql=Template(sql_text("checks/sales_forecast_earned")).substitute(
        forecast_earned=sql_text("checks/forecast_earned")
    ),
)
SALES_FORECAST_ERRORS = Audit(
    "sales_forecast_errors",
    "What is published is off by 5 % in sum at most, its interval held 75 % to 85 % of the days, and its error has not "
    "grown by a quarter. Warns only.",
    blocking=False,
)


@step(
    "sales_forecast",
    "sales_forecast_backtest",
    partitioning="date",
    upstreams=(
        Upstream("sales_by_category", "date", lookback_days=MEMORY_DAYS - 1),
        Upstream("sales_by_region", "date", lookback_days=MEMORY_DAYS - 1),
    ),
    audits=(SALES_FORECAST_EARNED, SALES_FORECAST_ERRORS),
)
def sales_forecast(sales_by_category: Dataset, sales_by_region: Dataset, settings: Settings) -> Mapping[str, Query]:
    """The net amount of every live category and region on each of the coming 28 days, and the model's back-test."""
    cuts = {"category": sales_by_category, "region": sales_by_region}

    def windows(partitions: list[Partition]) -> Iterator[Window]:
        for partition in partitions:
            for key_type, cut in cuts.items():
                held = [past.date for past in cut.needed_by([partition]).partitions if past.date]
                yield Window(max(held), key_type, list(_days(min(held), max(held))))

    inputs = {dataset.name: dataset for dataset in cuts.values()}
    made = ForecastTables(settings, "sales/daily_amounts", inputs, windows)
    return {
        "sales_forecast": query("forecast/demand_forecast", forecasts=made.table("forecasts")),
        "sales_forecast_backtest": query("forecast/forecast_backtest", scores=made.table("scores")),
    }


sales_forecast = replace(
    sales_forecast, sql_files=("sales/daily_amounts", "forecast/demand_forecast", "forecast/forecast_backtest")
)


def _days(first: date, last: date) -> Iterator[date]:
    """Every day: one without a payment sold nothing."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
