"""A forecast of brands in the lake, and how a test has it made."""

from __future__ import annotations

from datetime import date

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import Made, materialize
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets_tests.building import rows

FIRST = date(2019, 10, 1)


def make(platform: Platform, name: str, *days: date) -> list[Made]:
    """Make a step for brands on these days."""
    step = step_of(name)
    asked = [Partition.of(date=day.isoformat(), key_type="brand") for day in days]
    return list(materialize(platform, step, platform.inputs(step), asked))


def forecasts(platform: Platform) -> list[dict[str, object]]:
    """The rows of the forecasts, in order."""
    return rows(platform, "SELECT * FROM demand_forecast ORDER BY ALL", "demand_forecast")
