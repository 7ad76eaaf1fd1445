"""The warehouse: tables that people query."""

from __future__ import annotations

from datetime import date

from retail_assets.assets.calendar import calendar_rows
from retail_assets.assets.copied_table import copied_table
from retail_assets.assets.step import Upstream, step
from retail_assets.engine.dataset import Dataset, Rows
from retail_assets.engine.query import Query, query
from retail_assets.landing.landing import Landing
from retail_assets.settings import Settings

features = copied_table("features", "date_and_key")
demand_forecast = copied_table("demand_forecast", "date_and_key")
forecast_backtest = copied_table("forecast_backtest", "date_and_key")
forecast_errors = copied_table("forecast_errors", "date_and_key")


@step(store="warehouse", partitioning="none", upstreams=(Upstream("features", "date_and_key"),))
def dim_date(features: Dataset, settings: Settings) -> Query:
    """The calendar of the years that the features cover, and of the year after."""
    years = [partition.date.year for partition in features.partitions if partition.date]
    calendar = calendar_rows(settings)
    if years:
        calendar = calendar_rows(settings, date(min(years), 1, 1), date(max(years) + 1, 12, 31))
    return query("warehouse/dim_date", calendar=calendar)


@step(store="warehouse", partitioning="none", upstreams=(Upstream("product_days", "date"),))
def dim_product(product_days: Dataset) -> Query:
    """Every product with its latest category and brand, first and last seen."""
    return query("warehouse/dim_product", product_days=product_days)


@step(store="warehouse", partitioning="none", upstreams=(Upstream("event_books", "date"),))
def data_quality(event_books: Dataset, landing: Landing) -> Query:
    """The books of landing and cleaning: what came in and what became of it."""
    kinds = {"date": "DATE", "reason": "VARCHAR", "rows": "BIGINT"}
    landed = [
        (date.fromisoformat(book.date) if book.date else None, book.reason, book.rows) for book in landing.books()
    ]
    return query("warehouse/data_quality", event_books=event_books, landing_books=Rows.of(kinds, landed))
