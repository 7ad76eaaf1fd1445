"""The hard cases of days, missing, empty, doubled or split, each small enough to be checked by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import stale
from retail_assets.assets.partitions import of_dates
from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.assets.examples import LAKE, at_noon, feature, purchases
from retail_assets_tests.building import books, build, land
from retail_assets_tests.oracles.comparison import objects, table


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
