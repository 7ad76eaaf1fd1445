"""What a report tells, gathered from the warehouse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from retail_assets.contracts.rejection import reject_meanings
from retail_assets.questions.findings import KEPT, Finding, findings
from retail_assets.questions.outlook import Outlook, outlook
from retail_assets.questions.period import Period, usual_length
from retail_assets.questions.warehouse import Warehouse

Row = dict[str, Any]
FEWEST_FIRST = ("category_code", "brand", "product_id")
MOST_CHANGES = 8
MOST_REASONS = 12
MOST_LEADERS = 8


@dataclass(frozen=True)
class Content:
    """Everything that a report tells."""

    period: Period
    made_at: datetime
    dates: list[Row]
    now: Row
    before: Row | None
    changes: Mapping[str, list[Row]]
    findings: list[Finding]
    reasons: list[Row]
    outlook: Outlook | None
    reach: tuple[date, date]


def gather(warehouse: Warehouse, period: Period, blocked: Collection[str] = ()) -> Content:
    """What there is to tell of a period; ``blocked`` are the names of landed files that cannot be read.

    Raises:
        UnreadableWarehouse: there is no warehouse that can be read.
        ValueError: the warehouse has no date of the period.
    """
    reach = _reach(warehouse)
    bounds = period.bounds
    totals = {row["period"]: row for row in warehouse.ask("periods", before=period.before, **bounds).to_pylist()}
    if "now" not in totals:
        raise ValueError(f"the warehouse has no date from {period.first} to {period.last}; it has {_said(reach)}.")
    before = totals.get("before")
    is_whole = before is not None and before["dates"] == totals["now"]["dates"]
    changes = {kind: _changes(warehouse, kind, period) for kind in FEWEST_FIRST} if is_whole else {}
    return Content(
        period=period,
        made_at=datetime.now(UTC),
        dates=warehouse.ask("dates", **bounds).to_pylist(),
        now=totals["now"],
        before=before if is_whole else None,
        changes=changes,
        findings=findings(warehouse, period.first, period.last, blocked),
        reasons=_reasons(warehouse, period),
        outlook=outlook(warehouse, min(period.last, reach[1]), MOST_LEADERS),
        reach=reach,
    )


def usual_period(warehouse: Warehouse, last: date | None = None) -> Period:
    """Up to four whole weeks that end at ``last``, or at the last date that there is.

    Raises:
        UnreadableWarehouse: there is no warehouse that can be read.
        ValueError: nothing is built yet.
    """
    first, end = _reach(warehouse)
    last = last or end
    length = usual_length((last - first).days + 1)
    return Period(last - timedelta(days=max(length, 1) - 1), last)


def _changes(warehouse: Warehouse, kind: str, period: Period) -> list[Row]:
    asked = warehouse.ask("movers", key_type=kind, before=period.before, limit=MOST_CHANGES, **period.bounds)
    rows: list[Row] = asked.to_pylist()
    if kind == "product_id" and rows and "dim_product" in warehouse.tables():
        known = warehouse.ask("products", keys=[row["key_value"] for row in rows]).to_pylist()
        about = {item["product_id"]: [item["brand"], item["category_code"]] for item in known}
        rows = [row | {"about": " · ".join(filter(None, about.get(row["key_value"], [])))} for row in rows]
    return rows


def _reach(warehouse: Warehouse) -> tuple[date, date]:
    if "features" in warehouse.tables():
        (reach,) = warehouse.ask("reach").to_pylist()
        if reach["dates"]:
            return reach["first_date"], reach["last_date"]
    raise ValueError("the warehouse holds no features yet, so there is nothing to report. Run: retail backfill")


def _said(reach: tuple[date, date]) -> str:
    return f"those from {reach[0]} to {reach[1]}"


def _reasons(warehouse: Warehouse, period: Period) -> list[Row]:
    """Rejected rows by reason, with its meaning."""
    if "data_quality" not in warehouse.tables():
        return []
    meanings = reject_meanings()
    counts: dict[str, int] = {}
    for row in warehouse.ask("books", **period.bounds).to_pylist():
        if row["reason"] not in KEPT:
            counts[row["reason"]] = counts.get(row["reason"], 0) + row["rows"]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_REASONS]
    return [{"reason": name, "rows": rows, "meaning": meanings.get(name, "")} for name, rows in ordered]
