"""What is expected after a date: in sum, of the largest keys, and how far such forecasts can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retail_assets.questions.warehouse import Warehouse

Row = dict[str, Any]
TABLES = frozenset({"demand_forecast", "forecast_backtest"})
WIDEST_FIRST = ("product_id", "category_code", "brand")
"""Every event has a product, not every one a category or a brand."""


@dataclass(frozen=True)
class Outlook:
    """What is expected after a date, by what was known on the origin. No days are left where the forecast ran out."""

    origin: date
    key_type: str
    days: list[Row]
    leaders: dict[str, list[Row]]
    scores: list[Row]

    @property
    def expected(self) -> float:
        """Purchases that are expected in sum."""
        return float(sum(row["mean"] for row in self.days))


def outlook(warehouse: Warehouse, last: date, most_leaders: int) -> Outlook | None:
    """What was expected of the days after ``last``, by the latest forecasts up to it; None where there are none."""
    if not warehouse.tables() >= TABLES:
        return None
    rows = warehouse.ask("forecast_days", last=last).to_pylist()
    coming = [row for row in rows if row["date"] > last]
    origins = {row["key_type"]: row["origin"] for row in coming or rows}
    kind = next((kind for kind in WIDEST_FIRST if kind in origins), None)
    if kind is None:
        return None
    scores = warehouse.ask("forecast_scores", key_type=kind, origin=origins[kind], demand_class="all").to_pylist()
    return Outlook(
        origin=origins[kind],
        key_type=kind,
        days=[row for row in coming if row["key_type"] == kind],
        leaders={kind: _leaders(warehouse, kind, last, coming, most_leaders) for kind in origins} if coming else {},
        scores=scores,
    )


def _leaders(warehouse: Warehouse, kind: str, last: date, coming: list[Row], most: int) -> list[Row]:
    days = [row for row in coming if row["key_type"] == kind]
    first = last - timedelta(days=len(days) - 1)
    found: list[Row] = warehouse.ask(
        "forecast_leaders", key_type=kind, origin=days[0]["origin"], first=first, last=last, limit=most
    ).to_pylist()
    return found
