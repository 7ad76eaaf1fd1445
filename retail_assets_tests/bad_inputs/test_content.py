"""D36 to D49: repeated, missing, odd and extreme values."""

from __future__ import annotations

import pyarrow as pa
import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.bad_inputs.verdicts import (
    DAY,
    build_events,
    clean,
    deliver,
    deliver_table,
    every_form,
    first_line,
    platform_with,
    quarantine,
    reasons,
    typed,
    warnings,
)
from retail_assets_tests.building import books, build, event, land, rows

SERIES = ("raw_events", "clean_events", "daily_aggregates")


def keys(platform: Platform, key_type: str) -> dict[str, int]:
    """Views by key."""
    sql = f"SELECT key_value, views_t FROM daily_aggregates WHERE key_type = '{key_type}'"
    return {row["key_value"]: row["views_t"] for row in rows(platform, sql, "daily_aggregates")}


@every_form
def test_d36_exact_duplicates_are_counted_however_files_split_them(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(), event(), event(user_id="2")], name="a")
    deliver(platform, form, [event(), event(user_id="2"), event(brand=None)], name="b")

    build_events(platform)

    assert books(platform, DAY) == {"received": 6, "clean": 3, "duplicate": 3}
    assert not quarantine(platform)


@every_form
@pytest.mark.parametrize("price", ["0", "-1", "0.00004", "NaN", "nan", "Infinity", "-inf", None])
def test_d38_a_price_that_is_not_above_zero_and_finite_is_rejected(
    platform: Platform, form: str, price: str | None
) -> None:
    name = deliver(platform, form, [event(price=price), event()])

    build_events(platform)

    (bad,) = quarantine(platform)
    assert (bad.stage, bad.reason, bad.source_file, bad.source_row) == (
        "cleaning", "invalid_price", name, first_line(form),
    )  # fmt: skip
    assert bad.received["price"] == price


def test_d38_floating_point_prices_that_are_no_number_are_rejected(platform: Platform) -> None:
    deliver_table(platform, typed(4, price=pa.array([float("nan"), float("inf"), -0.0, 9.99])))

    build_events(platform)

    assert [str(row["price"]) for row in clean(platform)] == ["9.9900"]
    assert reasons(platform) == {"invalid_price": 3}


@every_form
def test_d39_a_price_far_outside_its_history_is_kept_and_warned_of(platform: Platform, form: str) -> None:
    days = [event(event_time=f"2019-10-{day:02d} 09:00:00 UTC", price="10") for day in range(1, 5)]
    deliver(platform, form, [*days, event(event_time="2019-10-05 09:00:00 UTC", price="1000")])

    made = build_events(platform, *SERIES, "features")

    assert len(clean(platform)) == 5
    assert warnings(made)["price_history"].startswith("1 products")


@every_form
def test_d40_prices_with_local_formats(platform: Platform, form: str) -> None:
    bad = ("1.234,56", "€9", "9,99", "1_000", "9.9.9", "10 USD", "0x10")
    good = {" 9.9 ": "9.9000", "+9.5": "9.5000", "1e3": "1000.0000", "\u00a09.25": "9.2500"}
    deliver(platform, form, [event(price=price) for price in (*bad, *good)])

    made = build_events(platform)

    assert {str(row["price"]) for row in clean(platform)} == set(good.values())
    assert [item.received["price"] for item in quarantine(platform)] == list(bad)
    assert reasons(platform) == {"invalid_price": len(bad)}
    assert "rounded_prices" not in warnings(made)


@every_form
@pytest.mark.parametrize("price", ["9.99999", "9.12345", "12e-5", "0.30000000000000004"])
def test_d40_more_decimals_than_the_contract_keeps_are_warned_of(platform: Platform, form: str, price: str) -> None:
    deliver(platform, form, [event(price=price), event(price="9.9900")])

    made = build_events(platform)

    assert len(clean(platform)) == 2
    assert warnings(made)["rounded_prices"].startswith("1 prices")


@every_form
def test_d41_event_types_are_normalised_excluded_or_rejected(platform: Platform, form: str) -> None:
    types = ("View", " view", "PURCHASE ", "remove_from_cart", "Remove_From_Cart", "wishlist", "", None)
    deliver(platform, form, [event(event_type=text, user_id=str(n)) for n, text in enumerate(types)])

    build_events(platform)

    assert [row["event_type"] for row in clean(platform)] == ["view", "view", "purchase"]
    assert books(platform, DAY) == {"received": 8, "clean": 3, "excluded": 2, "unknown_event_type": 3}


@every_form
@pytest.mark.parametrize("column", ["product_id", "user_id"])
def test_d42_identifiers_that_say_nothing_are_rejected(platform: Platform, form: str, column: str) -> None:
    empty = ("", " ", "\t", "null", "NULL", " Null ", None)
    deliver(platform, form, [event(**{column: text}) for text in empty] + [event()])

    build_events(platform)

    assert len(clean(platform)) == 1
    assert reasons(platform) == {f"missing_{column}": len(empty)}


@every_form
def test_d43_events_without_category_or_brand_are_kept_and_add_to_no_key(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(brand=None, user_id="1"), event(category_code=" ", user_id="2"), event()])

    build_events(platform, *SERIES)

    assert books(platform, DAY) == {"received": 3, "clean": 3}
    assert (keys(platform, "product_id"), keys(platform, "brand")) == ({"1004856": 3}, {"samsung": 2})
    assert keys(platform, "category_code") == {"electronics.smartphone": 2}


@every_form
def test_d43_a_drift_of_their_share_is_warned_of(platform: Platform, form: str) -> None:
    for day in range(1, 6):
        brand = None if day == 5 else "samsung"
        time = f"2019-10-0{day} 09:00:00 UTC"
        deliver(platform, form, [event(event_time=time, brand=brand, user_id=str(n)) for n in range(10)], name=str(day))

    made = build_events(platform)

    assert "0% of the events carry a brand" in warnings(made)["key_coverage"]


@every_form
def test_d44_spellings_of_a_brand_are_one_key(platform: Platform, form: str) -> None:
    spellings = ("samsung", "Samsung", "SAMSUNG ", "sam\u200bsung", "\ufeffSamsung\u00a0", "\tsamsung")
    deliver(platform, form, [event(brand=text, user_id=str(n)) for n, text in enumerate(spellings)])

    build_events(platform, *SERIES)

    assert keys(platform, "brand") == {"samsung": len(spellings)}


@every_form
def test_d45_a_product_in_two_categories_counts_where_it_was_seen(platform: Platform, form: str) -> None:
    codes = ("a.b", "a.b", "c.d", None)
    deliver(platform, form, [event(category_code=code, user_id=str(n)) for n, code in enumerate(codes)])

    made = build_events(platform, *SERIES)

    assert keys(platform, "category_code") == {"a.b": 2, "c.d": 1}
    assert all(item.published for item in made["daily_aggregates"])


@every_form
def test_d46_odd_keys_round_trip(platform: Platform, form: str) -> None:
    odd = ("a/b", "k=v", "two words", "O'Neil", 'the "best"', "größe", "日本語", "100%", "..", "a,b;c|d", "\\N")
    deliver(platform, form, [event(brand=text, product_id=text) for text in odd])

    build_events(platform, *SERIES)

    assert set(keys(platform, "product_id")) == set(odd)
    assert set(keys(platform, "brand")) == {text.lower() for text in odd}


@every_form
def test_d47_rates_without_views_are_null(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(event_type="purchase"), event(event_type="cart")])

    build(platform, *SERIES)

    sql = "SELECT DISTINCT views_t, conv_rate, cart_rate FROM daily_aggregates"
    assert rows(platform, sql, "daily_aggregates") == [{"views_t": 0, "conv_rate": None, "cart_rate": None}]


@every_form
def test_d48_bots_are_warned_of_and_their_purchases_stay(
    platform: Platform, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_BOT_VIEWS_PER_DAY", "20")
    platform = platform_with(platform, bot_views_per_day=type(platform.settings)().bot_views_per_day)
    views = [event(event_time=f"2019-10-01 00:00:{n:02d} UTC", user_id="robot") for n in range(21)]
    deliver(platform, form, [*views, event(user_id="robot", event_type="purchase"), event()])

    made = build_events(platform)

    assert warnings(made)["bots"] == "1 users with more than 20 views, the busiest with 21"
    assert books(platform, DAY) == {"received": 23, "clean": 23}


def test_d49_one_giant_key_beside_many_small_ones(platform: Platform) -> None:
    giant, small = 30_000, 20_000
    names = pa.array(["giant"] * giant + [f"p{n}" for n in range(small)])
    users = pa.array([str(n) for n in range(giant + small)])
    deliver_table(platform, typed(giant + small, product_id=names, user_id=users))

    build(platform, *SERIES)

    sql = """
        SELECT count(*) AS keys, sum(views_t)::BIGINT AS views, max(views_t) AS most
        FROM daily_aggregates WHERE key_type = 'product_id'
    """
    assert rows(platform, sql, "daily_aggregates") == [{"keys": small + 1, "views": giant + small, "most": giant}]


def test_d68_too_large_a_share_of_rejected_rows_blocks_the_day(platform: Platform) -> None:
    platform = platform_with(platform, max_rejected_share=0.2)
    free = [event(price="0", user_id=str(n)) for n in range(3)]
    land(platform, "day.csv", free + [event(user_id=str(n)) for n in range(9)])

    made = build(platform, "raw_events", "clean_events")

    (day,) = made["clean_events"]
    (verdict,) = [item for item in day.verdicts if item.check == "rejected_share"]
    assert not day.published
    assert (verdict.passed, verdict.blocking) == (False, True)
    assert verdict.detail == "too_many_rejected: 25.0 % of 12 rows rejected: invalid_price 3"
