"""Small examples of the clickstream, and what a test looks at in them."""

from __future__ import annotations

from datetime import date
from typing import Any

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import event
from retail_assets_tests.oracles.comparison import keyed

LAKE = ("raw_events", "clean_events", "product_days", "daily_aggregates", "features")


def purchases(day: str, count: int = 1, **changes: str | None) -> list[dict[str, str | None]]:
    """Purchases of a day, each at a time of its own: no two are duplicates."""
    times = [f"{day} {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} UTC" for n in range(count)]
    return [event(event_time=at, event_type="purchase", **changes) for at in times]


def at_noon(day: str, **changes: str | None) -> dict[str, str | None]:
    return event(event_time=f"{day} 12:00:00 UTC", **changes)


def feature(platform: Platform, day: str, key: str, key_type: str = "product_id") -> dict[str, Any]:
    found = {tuple(grain): row for grain, row in keyed(platform.settings.lake_dir, "features").items()}
    return found[date.fromisoformat(day), key_type, key]
