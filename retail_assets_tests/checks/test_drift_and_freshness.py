"""Drift against a partition's own history, and the freshness of dates."""

from __future__ import annotations

from datetime import date, timedelta

from retail_assets.checks.drift import COVERAGE, VOLUME
from retail_assets.checks.freshness import freshness
from retail_assets.engine.audit import Facts
from retail_assets.engine.partition import Partition

TUESDAY = date(2019, 10, 29)


def _history(rows: dict[date, int], **filled: float) -> dict[Partition, Facts]:
    return {Partition.of(date=day.isoformat()): Facts(count, "", filled) for day, count in rows.items()}


def _weeks(*counts: int) -> dict[date, int]:
    """Rows of Tuesdays, the last one being TUESDAY."""
    return {TUESDAY - timedelta(weeks=back): count for back, count in enumerate(reversed(counts))}


def _judge(rows: dict[date, int]) -> str:
    return VOLUME.judge(_history(rows), Partition.of(date=TUESDAY.isoformat())).detail


def test_volume_compares_with_the_median_of_the_same_weekday() -> None:
    assert _judge(_weeks(100, 120, 80, 110)) == ""
    assert _judge(_weeks(100, 120, 80, 40)) == "40 rows, 40% of the 100 that this weekday usually has"
    assert _judge(_weeks(100, 120, 80, 250)).startswith("250 rows, 250%")


def test_volume_does_not_look_at_other_weekdays() -> None:
    others = {TUESDAY - timedelta(days=back): 10_000 for back in range(1, 7)}

    assert _judge({**others, **_weeks(100, 100, 100)}) == ""


def test_volume_says_nothing_without_history_but_notices_an_empty_day() -> None:
    assert _judge({TUESDAY: 5}) == ""
    assert _judge({TUESDAY: 0}) == "no rows at all"


def test_coverage_warns_when_the_share_of_filled_values_moves() -> None:
    history = _history({TUESDAY - timedelta(days=back): 10 for back in range(1, 5)}, brand=0.86)
    partition = Partition.of(date=TUESDAY.isoformat())

    usual = COVERAGE.judge({**history, partition: Facts(10, "", {"brand": 0.84})}, partition)
    moved = COVERAGE.judge({**history, partition: Facts(10, "", {"brand": 0.30})}, partition)

    assert usual.passed
    assert not moved.passed
    assert not moved.blocking
    assert moved.detail == "30% of the events carry a brand, 86% in the days before"


def test_freshness_names_days_that_never_came_and_days_that_did_not_get_through() -> None:
    found = freshness(["2019-10-01", "2019-10-02", "2019-10-04"], ["2019-10-01", "2019-10-02"], date(2019, 10, 5))

    assert found.never_came == (date(2019, 10, 3),)
    assert found.not_published == (date(2019, 10, 4),)
    assert (found.last, found.age_days) == (date(2019, 10, 2), 3)
    assert not found.is_complete


def test_freshness_of_nothing_is_complete() -> None:
    assert freshness([], [], date(2019, 10, 5)).is_complete
