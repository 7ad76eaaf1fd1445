"""Sales in the warehouse: the datasets of the lake as tables."""

from __future__ import annotations

from dataclasses import replace

from retail_assets.assets.step import Partitioning, Step, Upstream, step
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query, query

DATED = ("sales", "sales_by_category", "sales_by_region", "sales_by_category_region")


def _table(name: str, partitioning: Partitioning) -> Step:
    """The step that copies a dataset of the lake into the warehouse as it is."""

    def copied(**dataset: Dataset) -> Query:
        return replace(query(f"warehouse/{name}", same_as=name), inputs=dataset)

    copied.__name__ = name
    copied.__doc__ = f"The warehouse's table of {name}: {contract(name).purpose}"
    upstream = Upstream(name, partitioning)
    return step(store="warehouse", partitioning=partitioning, upstreams=(upstream,), audited_upstream=True)(copied)


TABLES = (*(_table(name, "date") for name in DATED), _table("customer_value", "none"))
"""The steps, one a table: the warehouse file has one writer at a time."""
FORECAST_TABLES = tuple(_table(name, "date") for name in ("sales_forecast", "sales_forecast_backtest"))
