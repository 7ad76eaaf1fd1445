"""Times that no calendar of Python's holds: they are quarantined, and the books stay readable."""

from __future__ import annotations

import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import build, event, land


@pytest.mark.parametrize(
    ("time", "reason"), [("9999-12-31 23:59:59-10:00", "future_event"), ("0001-01-01 00:00:00+05:00", "too_old")]
)
def test_a_date_beyond_the_calendar_is_counted_without_a_date(platform: Platform, time: str, reason: str) -> None:
    land(platform, "far.csv", [*(event(product_id=str(number)) for number in range(9)), event(event_time=time)])

    made = build(platform)

    (quality,) = made["warehouse_data_quality"]
    assert quality.published
    (book,) = [book for book in platform.landing.books() if book.reason == reason]
    assert (book.date, book.rows) == (None, 1)
