"""Forecast: what is expected of every series, once the forecasts are built."""

from __future__ import annotations

from retail_assets.dashboard.help import needs

needs("features", "demand_forecast")
