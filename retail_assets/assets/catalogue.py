"""Every step of the platform, upstream first."""

from __future__ import annotations

from collections.abc import Iterator

from retail_assets.assets import clickstream, forecasts, warehouse_tables
from retail_assets.assets.declared_sources import declared_steps
from retail_assets.assets.marts import MartSteps, mart_steps
from retail_assets.assets.step import Step
from retail_assets.settings import Settings

STEPS: tuple[Step, ...] = (
    clickstream.raw_events,
    clickstream.clean_events,
    clickstream.daily_aggregates,
    clickstream.product_days,
    clickstream.features,
    warehouse_tables.features,
    warehouse_tables.dim_date,
    warehouse_tables.dim_product,
    warehouse_tables.data_quality,
)

FORECASTS: tuple[Step, ...] = (
    forecasts.demand_forecast,
    warehouse_tables.demand_forecast,
    warehouse_tables.forecast_backtest,
    warehouse_tables.forecast_errors,
)
"""Steps that are made for the latest date, once a day or when somebody asks: a forecast of days long past helps nobody.
"""
ON_DEMAND: tuple[Step, ...] = (forecasts.training_set, *FORECASTS)
"""Steps that no backfill and no sensor makes for every day."""


def sales_steps() -> tuple[Step, ...]:
    """The steps of sales, upstream first. Their contracts are read when they are first asked for."""
    from retail_assets.assets import sales, sales_tables

    return (
        sales.shop_tables,
        sales.joined_sales,
        sales.sales,
        sales.sales_cuts,
        sales.customer_value,
        *sales_tables.TABLES,
    )


def sales_forecasts() -> tuple[Step, ...]:
    """The forecasts of sales, made like other forecasts."""
    from retail_assets.assets import sales_forecasts, sales_tables

    return (sales_forecasts.sales_forecast, *sales_tables.FORECAST_TABLES)


def steps_of(settings: Settings) -> tuple[Step, ...]:
    """The steps of a platform: those of sales only where it has any, of its declared sources, and of its marts."""
    return (*_steps_before_marts(settings), *marts_of(settings).steps)


def marts_of(settings: Settings) -> MartSteps:
    """The marts of a platform."""
    return mart_steps(settings, _steps_before_marts(settings))


def _steps_before_marts(settings: Settings) -> tuple[Step, ...]:
    sales = (*sales_steps(), *sales_forecasts()) if settings.has_sales else ()
    return (*STEPS, *ON_DEMAND, *sales, *declared_steps(settings))


def is_on_demand(step: Step) -> bool:
    """Whether no backfill and no sensor makes the step for every day."""
    return step in ON_DEMAND or (step.domain == "sales" and step in sales_forecasts())


def step_of(name: str) -> Step:
    """The step that makes a dataset; ``warehouse.features`` is the table, ``features`` the dataset in the lake.

    Of the steps that every platform has: marts and declared sources are those of one platform's files.

    Raises:
        KeyError: there is no such dataset; the message names those that there are.
    """
    store, _, output = name.rpartition(".")
    for step in _every_step():
        if output in step.outputs and store in ("", step.store):
            return step
    known = ", ".join(f"{step.store}.{output}" for step in _every_step() for output in step.outputs)
    raise KeyError(f"there is no dataset {name!r}; there are {known}")


def _every_step() -> Iterator[Step]:
    yield from (*STEPS, *ON_DEMAND)
    yield from (*sales_steps(), *sales_forecasts())
