"""The oracle itself on cases worked out by hand: an oracle that errs proves nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from retail_assets_tests.building import event
from retail_assets_tests.oracles.clickstream import Grain, Oracle, ReceivedFile, is_holiday
from retail_assets_tests.oracles.verdicts import Rules, moment, parsed_price

RULES = Rules(as_of=datetime(2019, 11, 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-10-01 00:00:00 UTC", datetime(2019, 10, 1)),
        ("2019-10-01T00:30:00Z", datetime(2019, 10, 1, 0, 30)),
        ("2019-10-01 00:30:00+03:00", datetime(2019, 9, 30, 21, 30)),
        ("2019-10-01 20:00:00 -0800", datetime(2019, 10, 2, 4)),
        ("2019-10-01 05:45:00.5+05:45", datetime(2019, 10, 1, 0, 0, 0, 500_000)),
        ("2019-07-01 12:00:00", datetime(2019, 7, 1, 10)),
        ("2019-12-01 12:00:00", datetime(2019, 12, 1, 11)),
        ("2019-02-29 00:00:00 UTC", None),
        ("2019-10-01", None),
        ("1569888000", None),
        (None, None),
    ],
)
def test_a_moment_is_utc_and_naive_ones_are_the_sources(text: str | None, expected: datetime | None) -> None:
    assert moment(text, "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 9.9 ", "9.9"), ("0.00005", "0.0001"), ("0.00004999", "0"), ("1e3", "1000"), ("-2.00005", "-2.0001"),
        ("1.234,56", None), ("€9", None), ("1_000", None), ("NaN", None), ("", None), ("100000000000000", None),
    ],
)  # fmt: skip
def test_a_price_has_four_decimals(text: str, expected: str | None) -> None:
    assert parsed_price(text) == (Decimal(expected) if expected else None)


def test_the_first_reason_wins() -> None:
    worst: dict[str, str | None] = {
        "event_type": "remove_from_cart",
        "product_id": None,
        "user_id": "null",
        "category_id": "2E+18",
        "price": "0",
    }
    reasons = [
        "excluded",
        "unknown_event_type",
        "missing_product_id",
        "missing_user_id",
        "bad_identifier",
        "invalid_price",
    ]
    mends: list[dict[str, str | None]] = [
        {"event_type": "?"},
        {"event_type": "cart"},
        {"product_id": "1"},
        {"user_id": "1"},
        {"category_id": None},
    ]
    received = [event(**worst)]
    for mend in mends:
        received.append({**received[-1], **mend})

    oracle = Oracle((ReceivedFile("a.csv", tuple(received)),), RULES)

    assert [item.reason for item in oracle.outcomes if item.stage == "cleaning"] == reasons


def test_windows_go_by_calendar() -> None:
    days = ("2019-10-01", "2019-10-03")
    bought = [event(event_time=f"{day} 00:00:0{n} UTC", event_type="purchase") for day in days for n in range(3)]
    files = (ReceivedFile("a.csv", tuple(bought)),)

    missing = Oracle(files, RULES).features
    empty = Oracle(files, RULES, frozenset({date(2019, 10, 2)})).features

    grain = Grain(date(2019, 10, 3), "brand", "samsung")
    assert (missing[grain]["purchases_t-1"], missing[grain]["MA7"]) == (None, Fraction(6, 2))
    assert (empty[grain]["purchases_t-1"], empty[grain]["MA7"]) == (0, Fraction(6, 3))
    assert empty[grain._replace(date=date(2019, 10, 2))]["purchases_t"] == 0


def test_the_retail_days_of_2019() -> None:
    days = {date(2019, 11, day) for day in range(1, 31)} | {date(2019, 12, day) for day in range(1, 25)}

    holidays = {(day.month, day.day) for day in days if is_holiday(day, "US")}

    assert holidays == {(11, 11), (11, 28), (11, 29), (12, 2)}
