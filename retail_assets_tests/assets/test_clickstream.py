"""The clickstream on a few events: what becomes of each row, and the numbers that follow."""

from __future__ import annotations

from decimal import Decimal

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import books, build, event, land, rows


def test_an_event_becomes_a_clean_event_an_aggregate_and_a_feature(platform: Platform) -> None:
    land(platform, "day.csv", [event(), event(event_type="purchase", event_time="2019-10-01 00:05:00 UTC")])

    made = build(platform)

    assert all(item.published for items in made.values() for item in items)
    assert books(platform, "2019-10-01") == {"received": 2, "clean": 2}
    (feature,) = rows(platform, "SELECT * FROM features WHERE key_type = 'brand'", "features")
    assert feature["key_value"] == "samsung"
    assert (feature["purchases_t"], feature["views_t"], feature["conv_rate"]) == (1, 1, 1.0)
    assert feature["revenue_t"] == Decimal("130.76")
    assert (feature["purchases_t-1"], feature["MA7"], feature["window_days_present"]) == (None, 1.0, 1)
