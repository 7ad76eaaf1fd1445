"""What the dashboard does not show: values of columns that a contract classifies as personal."""

from __future__ import annotations

from retail_assets.contracts import contract

MASK = "•••"


def classified(dataset: str) -> frozenset[str]:
    """The columns whose values are masked."""
    return frozenset(column.name for column in contract(dataset).columns if column.classification)
