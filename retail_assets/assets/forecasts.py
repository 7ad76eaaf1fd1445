"""Forecasts: what to train on, the coming days of every live key, and how good they would have been.

Made for the dates that are asked for, not for every day of a backfill: a forecast of a day long past helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from retail_assets.assets.step import Upstream, step
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Computed, Query, query
from retail_assets.settings import Settings
from retail_assets.sources.retail_calendar import retail_calendar

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

MEMORY_DAYS = 400
"""Days of history that a forecast looks at: a year, and what the smoothing still feels before."""
MOST_HORIZON = 28
MODEL_VERSION = "1"
"""Raised when the forecasts of the same history change."""

EARNED = Audit(
    "forecast_earned",
    "The model beats both baselines on RMSSE within 5 % bias; else the better baseline is published. Warns only.",
    blocking=False,
)
BIAS = Audit("forecast_bias", "What is published is off by no more than 5 % in sum. Warns only.", blocking=False)
COVERAGE = Audit("forecast_coverage", "The 80 % interval held 75 % to 85 % of the days. Warns only.", blocking=False)
DRIFT = Audit(
    "forecast_drift",
    "The RMSSE of the last tested origin is no more than a quarter above the mean of those before. Warns only.",
    blocking=False,
)


@step(partitioning="date_and_key", upstreams=(Upstream("features", "date_and_key", lookback_days=MOST_HORIZON),))
def training_set(features: Dataset, settings: Settings) -> Query:
    """The features of a day beside the purchases so many days later: nothing of the future but the label."""
    return query("forecast/training_set", parameters={"training_horizon": settings.training_horizon}, features=features)


@step(
    "demand_forecast",
    "forecast_backtest",
    partitioning="date_and_key",
    upstreams=(Upstream("daily_aggregates", "date_and_key", lookback_days=MEMORY_DAYS - 1),),
    audits=(EARNED, BIAS, COVERAGE, DRIFT),
)
def demand_forecast(daily_aggregates: Dataset, settings: Settings) -> Mapping[str, Query]:
    """Expected purchases of every live key on each of the coming 28 days, and the back-test of the model."""
    made = _Forecasts(settings, daily_aggregates)
    code = f"{MODEL_VERSION} {settings.country} {settings.subdivision} {settings.retail_calendar}"

    def computed(name: str) -> Computed:
        def compute(connection: DuckDBPyConnection, partitions: list[Partition]) -> pa.Table:
            return made.tables(connection, partitions)[name]

        return Computed({"daily_aggregates": daily_aggregates}, code, compute)

    return {
        "demand_forecast": query("forecast/demand_forecast", forecasts=computed("forecasts")),
        "forecast_backtest": query("forecast/forecast_backtest", scores=computed("scores")),
    }


class _Forecasts:
    """The tables of a batch, computed once for both outputs."""

    def __init__(self, settings: Settings, history: Dataset) -> None:
        self.settings = settings
        self.history = history
        self._batch: tuple[list[Partition], dict[str, pa.Table]] | None = None

    def tables(self, connection: DuckDBPyConnection, partitions: list[Partition]) -> dict[str, pa.Table]:
        """Forecasts and scores of the partitions."""
        from retail_assets.forecasting.platform import Window, forecast_windows

        if self._batch is None or self._batch[0] != partitions:
            windows = [Window(*window) for window in _windows(self.history, partitions)]
            first, last = min(window.first for window in windows), max(window.origin for window in windows)
            holidays = self._holidays(first, last + timedelta(days=MOST_HORIZON))
            self._batch = partitions, forecast_windows(connection, windows, holidays, MOST_HORIZON)
        return self._batch[1]

    def _holidays(self, first: date, last: date) -> dict[date, str]:
        chosen = self.settings
        days = retail_calendar(
            first, last, country=chosen.country, subdivision=chosen.subdivision, own_dates=chosen.retail_calendar
        )
        return {day.date: day.holiday_name for day in days if day.holiday_name}


def _windows(history: Dataset, partitions: list[Partition]) -> Iterator[tuple[date, str, list[date]]]:
    """The origin, key type and present dates of each partition."""
    for partition in partitions:
        held = history.needed_by([partition]).partitions
        dates = [day for day in (past.date for past in held) if day]
        yield max(dates), partition.get("key_type") or "", dates
