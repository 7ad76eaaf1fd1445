"""The hard cases of keys, numbers and time, one idea a test, each small enough to be checked by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pyarrow.dataset as arrow
import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import NULL_FOLDER, Partition, folder_of
from retail_assets_tests.assets.examples import LAKE, at_noon, feature, purchases
from retail_assets_tests.building import build, event, land, rows
from retail_assets_tests.oracles.clickstream import Oracle
from retail_assets_tests.oracles.comparison import (
    assert_agrees,
    by_grain,
    keyed,
    objects,
    published_bytes,
    read_received,
    rules_of,
    table,
)
from retail_assets_tests.oracles.verdicts import COLUMNS

NOW = datetime(2026, 1, 1)
ODD_KEYS = (
    "a/b", "../up", "k=v", "date=2019-10-02", "two words", "O'Neil", 'the "best"', "back\\slash", "100%", "%2F",
    "a,b;c|d", "Größe 38", "日本語", "👟", "${brand}", "$1", "{}", "\\N", "*", "[1]", "--", "0042",
    "18446744073709551617", "__HIVE_DEFAULT_PARTITION__",
)  # fmt: skip


def aggregates(platform: Platform, key_type: str) -> dict[str, dict[str, Any]]:
    """The aggregates of the only date by key."""
    found = keyed(platform.settings.lake_dir, "daily_aggregates")
    return {grain.key_value: row for grain, row in found.items() if grain.key_type == key_type}


class TestKeys:
    """D43 to D46: which keys an event adds to."""

    def test_an_event_without_category_or_brand_adds_to_no_key_of_that_type(self, platform: Platform) -> None:
        land(platform, "a.csv", [at_noon("2019-10-01", category_code=None, brand=" \u200b"), at_noon("2019-10-01")])

        build(platform, *LAKE)

        assert {key: row["views_t"] for key, row in aggregates(platform, "product_id").items()} == {"1004856": 2}
        assert {key: row["views_t"] for key, row in aggregates(platform, "brand").items()} == {"samsung": 1}
        assert aggregates(platform, "category_code").keys() == {"electronics.smartphone"}

    def test_spellings_of_a_brand_are_one_key(self, platform: Platform) -> None:
        spellings = ["samsung", "Samsung", "SAMSUNG ", "\u00a0samsung", "sam\u200bsung", "\ufeff Samsung\u2060"]
        land(platform, "a.csv", [at_noon("2019-10-01", brand=brand) for brand in spellings])

        build(platform, *LAKE)

        assert {key: row["views_t"] for key, row in aggregates(platform, "brand").items()} == {"samsung": 6}

    def test_a_product_under_two_categories_counts_where_it_was_seen(self, platform: Platform) -> None:
        shoes, boots = ({"category_code": name} for name in ("apparel.shoes", "apparel.boots"))
        received = [*purchases("2019-10-01", 2, **shoes), *purchases("2019-10-01", 3, **boots)]
        received += purchases("2019-10-01", 4, category_code=None)
        land(platform, "a.csv", received)

        made = build(platform, *LAKE)

        by_category = {key: row["purchases_t"] for key, row in aggregates(platform, "category_code").items()}
        assert by_category == {"apparel.shoes": 2, "apparel.boots": 3}
        assert aggregates(platform, "product_id")["1004856"]["purchases_t"] == 9
        assert all(verdict.passed for i in made["daily_aggregates"] for verdict in i.verdicts)

    def test_dim_product_holds_the_latest_event_and_of_ties_the_greatest_value(self, platform: Platform) -> None:
        received = [
            at_noon("2019-10-01", category_code="z.old", brand="old"),
            at_noon("2019-10-02", category_code="b.late", brand=None),
            at_noon("2019-10-02", category_code="a.late", brand=None, price="1"),
            event(event_time="2019-10-02 11:59:59 UTC", category_code="z.earlier", brand="earlier"),
        ]
        land(platform, "a.csv", received)

        build(platform)

        (product,) = table(platform, "dim_product")
        assert (product["category_code"], product["brand"]) == ("b.late", None)
        assert (product["first_seen"], product["last_seen"]) == (datetime(2019, 10, 1, 12), datetime(2019, 10, 2, 12))

    def test_odd_keys_come_through_lake_and_warehouse_unchanged(self, platform: Platform) -> None:
        odd = [at_noon("2019-10-01", product_id=key, brand=key, category_code=key) for key in ODD_KEYS]
        land(platform, "a.csv", odd)

        build(platform)

        lower = {key.lower() for key in ODD_KEYS}
        for found in (keyed(platform.settings.lake_dir, "features"), by_grain(table(platform, "features"))):
            assert {grain.key_value for grain in found if grain.key_type == "product_id"} == set(ODD_KEYS)
            assert {grain.key_value for grain in found if grain.key_type == "brand"} == lower
            assert {grain.key_value for grain in found if grain.key_type == "category_code"} == lower
        assert {row["product_id"] for row in table(platform, "dim_product")} == set(ODD_KEYS)
        folder = arrow.dataset(platform.settings.lake_dir / "features/key_type=product_id", partitioning="hive")
        assert set(folder.to_table()["key_value"].to_pylist()) == set(ODD_KEYS)

    @pytest.mark.parametrize("key", [*(key for key in ODD_KEYS if key != NULL_FOLDER), "", None])
    def test_odd_keys_come_through_paths_unchanged(self, key: str | None) -> None:
        folder = folder_of([("category", key), ("region", "Viet Nam")])

        category, region = (part.partition("=") for part in folder.split("/"))
        assert category[0] == "category"
        assert region == ("region", "=", "Viet%20Nam")
        assert (None if category[2] == NULL_FOLDER else unquote(category[2])) == key


class TestNumbers:
    """D47 and D38: rates without views, and prices to the last decimal."""

    def test_without_views_there_are_no_rates(self, platform: Platform) -> None:
        land(platform, "a.csv", [*purchases("2019-10-01", 2), at_noon("2019-10-01", event_type="cart")])

        build(platform, *LAKE)

        for row in (aggregates(platform, "brand")["samsung"], feature(platform, "2019-10-01", "samsung", "brand")):
            assert (row["purchases_t"], row["carts_t"], row["conv_rate"], row["cart_rate"]) == (2, 1, None, None)

    def test_sums_are_exact_where_floats_are_not(self, platform: Platform) -> None:
        received = [*purchases("2019-10-01", 1, price="90000000000000.01"), *purchases("2019-10-01", 30, price="0.1")]
        land(platform, "a.csv", received)

        build(platform, *LAKE)

        assert aggregates(platform, "brand")["samsung"]["revenue_t"] == Decimal("90000000000003.0100")

    def test_a_price_is_rounded_half_up_to_four_decimals_and_the_check_says_so(self, platform: Platform) -> None:
        land(platform, "a.csv", [at_noon("2019-10-01", price="2.00005")])

        made = build(platform, "raw_events", "clean_events")

        (clean,) = objects(platform.settings.lake_dir, "clean_events")
        (verdict,) = (v for item in made["clean_events"] for v in item.verdicts if v.check == "rounded_prices")
        assert clean["price"] == Decimal("2.0001")
        assert (verdict.passed, verdict.blocking) == (False, False)


class TestTime:
    """D25, D26 and D32: every moment is UTC, and every UTC day has 24 hours."""

    @pytest.mark.parametrize(
        ("day", "zone"),
        [("2019-03-31", "+02:00"), ("2019-10-27", "+01:00"), ("2019-03-10", "-04:00"), ("2019-11-03", "-05:00")],
    )
    def test_a_utc_day_has_24_hours_when_clocks_change(self, platform: Platform, day: str, zone: str) -> None:
        midnight = datetime.fromisoformat(f"{day}T00:00:00{zone}")
        hours = [midnight.astimezone(UTC) + timedelta(hours=n) for n in range(-30, 60)]
        local = [f"{at.astimezone(midnight.tzinfo):%Y-%m-%d %H:%M:%S}{zone}" for at in hours]
        land(platform, "a.csv", [event(event_time=at) for at in local])

        build(platform, "raw_events", "clean_events")

        found = rows(platform, f"SELECT * FROM clean_events WHERE date = DATE '{day}'", "clean_events")
        first = datetime.fromisoformat(day)
        assert sorted(row["event_time"] for row in found) == [first + timedelta(hours=n) for n in range(24)]

    def test_one_moment_in_any_spelling_is_one_moment(self, platform: Platform) -> None:
        spellings = [
            "2019-09-30 23:30:00 UTC", "2019-09-30T23:30:00Z", "2019-10-01 02:30:00+03:00", "2019-10-01 02:30:00 +0300",
            "2019-09-30 18:30:00-05", "2019-09-30 23:30:00", "2019-10-01T05:15:00.000+05:45",
        ]  # fmt: skip
        land(platform, "a.csv", [event(event_time=at) for at in spellings])

        build(platform, "raw_events", "clean_events")

        found = objects(platform.settings.lake_dir, "clean_events")
        assert [row["event_time"] for row in found] == [datetime(2019, 9, 30, 23, 30)] * len(spellings)
        assert {row["date"] for row in found} == {date(2019, 9, 30)}


class TestSkewAndSize:
    """D49: neither one giant key nor many small ones change numbers or bytes."""

    def test_one_giant_key_beside_many_small_ones(self, platform: Platform) -> None:
        giant = [at_noon("2019-10-01", product_id="giant", user_id=str(n), price=f"{n % 97}.37") for n in range(6_000)]
        small = [at_noon("2019-10-01", product_id=f"p{n}", brand=f"b{n}", event_type="purchase") for n in range(6_000)]
        path = land(platform, "a.csv", [*giant, *small])

        build(platform)

        assert_agrees(platform, Oracle((read_received(path),), rules_of(platform, NOW)))

    def test_more_keys_than_a_row_group_holds_are_the_same_bytes_alone_and_in_a_range(self, platform: Platform) -> None:
        days = {"2019-10-01": 100, "2019-10-02": 123_000}
        lines = [f"{day} 12:00:00 UTC,view,p{n * 7919 % 999_983},,,,1.5,7," for day in days for n in range(days[day])]
        land(platform, "a.csv", "\n".join([",".join(COLUMNS), *lines, ""]))
        build(platform, "raw_events", "clean_events", "daily_aggregates")
        in_a_range = published_bytes(platform, "daily_aggregates")
        large, step = Partition.of(date="2019-10-02", key_type="product_id"), step_of("daily_aggregates")

        list(materialize(platform, step, platform.inputs(step), [large]))

        assert published_bytes(platform, "daily_aggregates") == in_a_range


def test_what_was_rejected_is_kept_as_it_was_received(platform: Platform) -> None:
    bad = at_noon("2019-10-01", price="1.234,56", brand='the "best"', category_code=None, user_session="O'Neil\\n")
    good = [at_noon("2019-10-01", user_id=str(n)) for n in range(9)]
    land(platform, "a.csv", [*good, bad])

    build(platform, "raw_events", "clean_events")

    (row,) = objects(platform.settings.lake_dir, "rejected_events")
    assert (row["stage"], row["reason"]) == ("cleaning", "invalid_price")
    assert (row["source_file"], row["source_row"]) == ("a.csv", 11)
    assert json.loads(row["received"]) == {column: bad[column] for column in COLUMNS}
