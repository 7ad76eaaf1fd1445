"""The hard cases of the clickstream, one idea a test, each small enough to be checked by hand."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pyarrow.dataset as arrow
import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import materialize, stale
from retail_assets.assets.partitions import of_dates
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import NULL_FOLDER, Partition, folder_of
from retail_assets.settings import Settings
from retail_assets_tests.building import books, build, event, land, rows
from retail_assets_tests.oracles.clickstream import COLUMNS, Oracle
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

LAKE = ("raw_events", "clean_events", "product_days", "daily_aggregates", "features")
NOW = datetime(2026, 1, 1)
ODD_KEYS = (
    "a/b", "../up", "k=v", "date=2019-10-02", "two words", "O'Neil", 'the "best"', "back\\slash", "100%", "%2F",
    "a,b;c|d", "Größe 38", "日本語", "👟", "${brand}", "$1", "{}", "\\N", "*", "[1]", "--", "0042",
    "18446744073709551617", "__HIVE_DEFAULT_PARTITION__",
)  # fmt: skip


def purchases(day: str, count: int = 1, **changes: str | None) -> list[dict[str, str | None]]:
    """Purchases of a day, each at a time of its own: no two are duplicates."""
    times = [f"{day} {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d} UTC" for n in range(count)]
    return [event(event_time=at, event_type="purchase", **changes) for at in times]


def at_noon(day: str, **changes: str | None) -> dict[str, str | None]:
    return event(event_time=f"{day} 12:00:00 UTC", **changes)


def feature(platform: Platform, day: str, key: str, key_type: str = "product_id") -> dict[str, Any]:
    found = {tuple(grain): row for grain, row in keyed(platform.settings.lake_dir, "features").items()}
    return found[date.fromisoformat(day), key_type, key]


def aggregates(platform: Platform, key_type: str) -> dict[str, dict[str, Any]]:
    """The aggregates of the only date by key."""
    found = keyed(platform.settings.lake_dir, "daily_aggregates")
    return {grain.key_value: row for grain, row in found.items() if grain.key_type == key_type}


class TestMissingDay:
    """D35: windows and lags go by calendar, never by row."""

    def test_the_day_before_is_null_when_the_dataset_lacks_it(self, platform: Platform) -> None:
        land(platform, "a.csv", [*purchases("2019-10-01", 5), *purchases("2019-10-03", 2)])

        build(platform, *LAKE)

        third = feature(platform, "2019-10-03", "1004856")
        assert (third["purchases_t-1"], third["views_t-1"]) == (None, None)
        assert third["MA7"] == (5 + 2) / 2
        assert third["window_days_present"] == 2

    def test_the_day_before_is_zero_when_it_was_empty(self, platform: Platform) -> None:
        land(platform, "a.csv", [*purchases("2019-10-01", 5), *purchases("2019-10-03", 2)])

        build(platform, *LAKE, dates=["2019-10-01", "2019-10-02", "2019-10-03"])

        third = feature(platform, "2019-10-03", "1004856")
        assert (third["purchases_t-1"], third["views_t-1"]) == (0, 0)
        assert third["MA7"] == (5 + 0 + 2) / 3
        assert third["window_days_present"] == 3

    def test_a_lag_of_seven_is_seven_days_though_rows_are_fewer(self, platform: Platform) -> None:
        days = ["2019-10-01", "2019-10-02", "2019-10-08", "2019-10-09"]
        land(platform, "a.csv", [row for n, day in enumerate(days, 1) for row in purchases(day, n)])

        build(platform, *LAKE)

        lags = [feature(platform, day, "1004856")["purchases_t-7"] for day in days]
        assert lags == [None, None, 1, 2]

    def test_the_window_holds_28_days(self, platform: Platform) -> None:
        others = [at_noon(day, product_id="other") for day in ("2019-10-28", "2019-10-29")]
        land(platform, "a.csv", [*purchases("2019-10-01", 28), *others])
        build(platform, *LAKE[:-1])

        for day in ("2019-10-28", "2019-10-29"):
            build(platform, "features", dates=[day])

        last = feature(platform, "2019-10-28", "1004856")
        assert (last["purchases_t"], last["price_mean_t"], last["MA28"], last["MA7"]) == (0, None, 14.0, 0.0)
        with pytest.raises(KeyError):
            feature(platform, "2019-10-29", "1004856")

    def test_a_late_event_reaches_28_days(self, settings: Settings) -> None:
        platform = Platform.local(settings.model_copy(update={"lookback_days": 28}))
        days = ["2019-09-30", "2019-10-01", "2019-10-02", "2019-10-28", "2019-10-29"]
        land(platform, "a.csv", map(at_noon, days))
        build(platform, *LAKE)
        land(platform, "late.csv", purchases("2019-10-01"))
        build(platform, *LAKE[:-1])

        outdated = stale(platform, step_of("features"), of_dates("date_and_key", days))

        assert {partition.get("date") for partition in outdated} == {"2019-10-01", "2019-10-02", "2019-10-28"}


class TestEmptyDay:
    """D34: a day without rows is a valid empty partition, and the volume check says so."""

    def test_it_is_published_empty_and_warned_of(self, platform: Platform) -> None:
        land(platform, "a.csv", [at_noon("2019-10-01")])

        made = build(platform, dates=["2019-10-01", "2019-10-02"])

        (empty,) = (item for item in made["raw_events"] if item.partition.get("date") == "2019-10-02")
        (volume,) = (verdict for verdict in empty.verdicts if verdict.check == "volume")
        assert (empty.published, volume.passed, volume.blocking) == (True, False, False)
        assert "no rows" in volume.detail
        assert books(platform, "2019-10-02") == {}
        assert (platform.settings.lake_dir / "features/key_type=brand/date=2019-10-02/data.parquet").exists()

    def test_it_stands_in_the_books_with_zero_rows(self, platform: Platform) -> None:
        build(platform, dates=["2019-10-02"])

        lines = [
            (line["date"], line["stage"], line["reason"], line["rows"]) for line in table(platform, "data_quality")
        ]
        day = date(2019, 10, 2)
        assert lines == [(day, "cleaning", "clean", 0), (day, "cleaning", "received", 0)]

    def test_it_warns_where_this_weekday_usually_has_rows(self, platform: Platform) -> None:
        tuesdays = [date(2019, 9, 3) + timedelta(weeks=n) for n in range(4)]
        land(platform, "a.csv", [row for day in tuesdays for row in purchases(day.isoformat(), 3)])

        made = build(platform, "raw_events", dates=[*map(str, tuesdays), "2019-10-01"])

        failed = {i.partition.key: v.detail for i in made["raw_events"] for v in i.verdicts if not v.passed}
        assert list(failed) == ["2019-10-01"]
        assert failed["2019-10-01"].startswith("0 rows")


class TestDuplicates:
    """D36: of exact duplicates one is kept, however rows are split into files."""

    TWICE = (at_noon("2019-10-01"), at_noon("2019-10-01", user_session=None))

    @pytest.mark.parametrize("sizes", [(6,), (3, 3), (1, 5), (2, 2, 2)])
    def test_the_files_do_not_matter(self, platform: Platform, sizes: tuple[int, ...]) -> None:
        first, second = self.TWICE
        received = [first, second, second, first, first, at_noon("2019-10-01", price="1.00")]
        for number, size in enumerate(sizes):
            part, received = received[:size], received[size:]
            land(platform, f"part-{number}.csv", part)

        build(platform, *LAKE)

        assert books(platform, "2019-10-01") == {"received": 6, "clean": 3, "duplicate": 3}
        assert feature(platform, "2019-10-01", "1004856")["views_t"] == 3

    def test_rows_that_differ_in_spelling_only_are_two_events(self, platform: Platform) -> None:
        land(platform, "a.csv", [at_noon("2019-10-01"), at_noon("2019-10-01", price="130.760")])

        build(platform, "raw_events", "clean_events")

        assert books(platform, "2019-10-01") == {"received": 2, "clean": 2}

    def test_a_rejected_row_is_no_duplicate_however_often_it_comes(self, platform: Platform) -> None:
        good = [at_noon("2019-10-01", user_id=str(n)) for n in range(20)]
        land(platform, "a.csv", [*good, *[at_noon("2019-10-01", price="0")] * 2])

        build(platform, "raw_events", "clean_events")

        assert books(platform, "2019-10-01") == {"received": 22, "clean": 20, "invalid_price": 2}

    def test_what_is_excluded_is_not_judged_further(self, platform: Platform) -> None:
        removal = at_noon("2019-10-01", event_type="Remove_From_Cart ", product_id=None, price="free")
        land(platform, "a.csv", [at_noon("2019-10-01"), removal, removal])

        build(platform, "raw_events", "clean_events")

        assert books(platform, "2019-10-01") == {"received": 3, "clean": 1, "excluded": 2}
        assert objects(platform.settings.lake_dir, "rejected_events") == []


class TestFilesOfADay:
    """A day is made of all files that bring rows of it, and of no other rows."""

    def test_a_day_in_two_files_between_days_in_one(self, platform: Platform) -> None:
        land(platform, "first.csv", [*purchases("2019-10-01", 3), *purchases("2019-10-02", 2)])
        land(platform, "late.csv", [*purchases("2019-10-02", 5, product_id="late"), *purchases("2019-10-03", 7)])

        build(platform, "raw_events")

        found = objects(platform.settings.lake_dir, "raw_events")
        assert Counter((str(row["date"]), row["event_time"][:10], row["source_file"]) for row in found) == {
            ("2019-10-01", "2019-10-01", "first.csv"): 3,
            ("2019-10-02", "2019-10-02", "first.csv"): 2,
            ("2019-10-02", "2019-10-02", "late.csv"): 5,
            ("2019-10-03", "2019-10-03", "late.csv"): 7,
        }


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
