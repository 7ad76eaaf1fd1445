"""Withdrawal: the rows of a file leave, wherever the file itself is."""

from __future__ import annotations

import os

import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import books, build, event, land, rows

SECOND = "2019-10-02 12:00:00 UTC"


@pytest.fixture
def landed(platform: Platform) -> Platform:
    """Two files that share a day; the second also has a day and a rejected row of its own."""
    land(platform, "a.csv", [event(product_id="1")])
    land(platform, "b.csv", [event(product_id="2"), event(event_time=SECOND), event(event_time="never")])
    build(platform)
    return platform


def products(platform: Platform) -> list[str]:
    return [
        row["product_id"] for row in rows(platform, "SELECT product_id FROM clean_events ORDER BY 1", "clean_events")
    ]


def test_rows_of_a_withdrawn_file_leave(landed: Platform) -> None:
    (entry,) = landed.landing.withdraw(["b.csv"])
    assert (entry.state, entry.rows, entry.detail) == ("withdrawn", 0, "withdrawn: its 3 rows left")
    assert landed.landing.rejected_events().objects == ()
    build(landed, dates=["2019-10-01", "2019-10-02"])
    assert products(landed) == ["1"]
    assert books(landed, "2019-10-02") == {}
    assert sum(book.rows for book in landed.landing.books() if book.reason == "received") == 1


def test_a_withdrawn_file_that_stays_in_the_folder_is_left_alone(landed: Platform) -> None:
    landed.landing.withdraw(["b.csv"])
    other_reading = Platform.local(landed.settings.model_copy(update={"future_tolerance_minutes": 6}))
    for platform in (landed, other_reading):
        assert "b.csv" not in {entry.name for entry in platform.landing.take_in()}
        assert platform.landing.dates() == ["2019-10-01"]


def test_a_withdrawn_file_that_is_delivered_again_lands_again(landed: Platform) -> None:
    for day in range(3, 15):
        land(landed, f"{day}.csv", [event(event_time=f"2019-10-{day:02d} 12:00:00 UTC")])
    build(landed)
    landed.landing.withdraw(["b.csv"])
    build(landed)
    os.utime(landed.settings.landing_dir / "b.csv")
    build(landed)
    assert landed.landing.files()["b.csv"].state == "landed"
    assert "2" in products(landed)


def test_copies_of_a_withdrawn_file_are_withdrawn_too(landed: Platform) -> None:
    land(landed, "copy.csv", (landed.settings.landing_dir / "b.csv").read_bytes())
    landed.landing.take_in()
    assert [entry.name for entry in landed.landing.withdraw(["b.csv"])] == ["b.csv", "copy.csv"]
    build(landed, dates=["2019-10-01", "2019-10-02"])
    assert products(landed) == ["1"]


def test_only_what_landed_can_be_withdrawn(landed: Platform) -> None:
    with pytest.raises(ValueError, match=r"no file 'c\.csv' has landed.*Did you mean"):
        landed.landing.withdraw(["c.csv"])
    landed.landing.withdraw(["b.csv"])
    with pytest.raises(ValueError, match=r"b\.csv is withdrawn already"):
        landed.landing.withdraw(["a.csv", "b.csv"])
    assert landed.landing.files()["a.csv"].state == "landed"
