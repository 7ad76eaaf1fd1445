"""Sales in the warehouse: the datasets of the lake as tables."""

from __future__ import annotations

from retail_assets.assets.copied_table import copied_table

DATED = ("sales", "sales_by_category", "sales_by_region", "sales_by_category_region")
TABLES = (*(copied_table(name, "date") for name in DATED), copied_table("customer_value", "none"))
"""The steps, one a table: the warehouse file has one writer at a time."""
FORECAST_TABLES = tuple(copied_table(name, "date") for name in ("sales_forecast", "sales_forecast_backtest"))
