"""Tables of the warehouse that are datasets of the lake as they are."""

from __future__ import annotations

from dataclasses import replace

from retail_assets.assets.step import Partitioning, Step, Upstream, step
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.query import Query, query


def copied_table(name: str, partitioning: Partitioning) -> Step:
    """The step that copies a dataset of the lake into the warehouse, partition by partition."""

    def copied(**dataset: Dataset) -> Query:
        return replace(query(f"warehouse/{name}", same_as=name), inputs=dataset)

    copied.__name__ = name
    copied.__doc__ = f"The warehouse's table of {name}: {contract(name).purpose}"
    upstream = Upstream(name, partitioning)
    return step(store="warehouse", partitioning=partitioning, upstreams=(upstream,), audited_upstream=True)(copied)
