"""Sales in the warehouse: the datasets of the lake as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from retail_assets.assets.step import Upstream, step
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query, query

DATED = ("sales", "sales_by_category", "sales_by_region", "sales_by_category_region")


def _copied(name: str, dataset: Dataset) -> Query:
    return replace(query(f"warehouse/{name}", same_as=name), inputs={name: dataset})


@step(
    *DATED,
    store="warehouse",
    partitioning="date",
    upstreams=tuple(Upstream(name, "date") for name in DATED),
    audited_upstream=True,
)
def sales_tables(**datasets: Dataset) -> Mapping[str, Query]:
    """The days of the lake's dataset as one table."""
    return {name: _copied(name, datasets[name]) for name in DATED}


@step(store="warehouse", partitioning="none", upstreams=(Upstream("customer_value", "none"),), audited_upstream=True)
def customer_value(customer_value: Dataset) -> Query:
    """What every customer is worth as a table."""
    return _copied("customer_value", customer_value)
