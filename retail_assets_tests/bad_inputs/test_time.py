"""D25 to D35: zones, offsets, declared formats, too early, too late, and days that are empty or missing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.bad_inputs.verdicts import (
    build_events,
    clean,
    csv_forms,
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
from retail_assets_tests.building import build, event, land, rows

SAME_MOMENT = (
    "2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00Z", "2019-10-01 00:00:00+00:00", "2019-10-01 03:00:00 +03:00",
    "2019-10-01 03:00:00+03", "2019-09-30T19:30:00-0430", "2019-10-01 00:00 UTC", "2019-10-01 03:00+03:00",
    " 2019-10-01 00:00:00 utc ", "2019-10-01t00:00:00z", "2019-10-01 00:00:00.000 UTC", "2019-09-30 24:00:00 UTC",
)  # fmt: skip
IMPOSSIBLE = (
    "2019-02-30 00:00:00 UTC", "2019-13-01 00:00:00 UTC", "0000-00-00 00:00:00", "2019-10-01 25:00:00 UTC",
    "2019-10-01 00:61:00 UTC", "2019-10-01 00:00:60 UTC", "01/10/2019 00:00:00", "2019-10-01", "19-10-01 00:00:00 UTC",
    "2019-10-01 00:00:00+15:00", "2019-10-01 00:00+03 UTC", "2019-10-01 00:00:00 EST", "yesterday", "", None,
)  # fmt: skip


@pytest.fixture
def new_york() -> Iterator[None]:
    """A host far from UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def moments(platform: Platform) -> list[str]:
    """The distinct times of the clean events."""
    found = rows(platform, "SELECT DISTINCT event_time::VARCHAR AS at FROM clean_events ORDER BY 1", "clean_events")
    return [row["at"] for row in found]


@every_form
def test_d25_every_spelling_of_a_moment_becomes_utc(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(event_time=text, user_id=str(n)) for n, text in enumerate(SAME_MOMENT)])

    made = build_events(platform)

    assert len(clean(platform)) == len(SAME_MOMENT)
    assert moments(platform) == ["2019-10-01 00:00:00"]
    assert "delivery" not in warnings(made)


@every_form
def test_d25_naive_times_are_of_the_declared_zone_and_a_mixture_warns(platform: Platform, form: str) -> None:
    platform = platform_with(platform, source_timezone="Europe/Berlin")
    times = ("2019-10-01 02:00:00", "2019-10-01 00:00:00 UTC", "not a time")
    name = deliver(platform, form, [event(event_time=text, user_id=str(n)) for n, text in enumerate(times)])

    made = build_events(platform)

    assert moments(platform) == ["2019-10-01 00:00:00"]
    note = f"{name}: mixed_time_zones: 1 of 2 times carry no zone, so Europe/Berlin was taken"
    assert warnings(made)["delivery"] == note


def test_d25_naive_times_alone_are_no_mixture(platform: Platform) -> None:
    land(platform, "day.csv", [event(event_time="2019-10-01 02:00:00"), event(event_time="2019-10-01T03:00:00")])

    assert "delivery" not in warnings(build_events(platform))


@every_form
def test_d26_an_offset_is_never_dropped(platform: Platform, form: str) -> None:
    times = ("2019-10-01 01:30:00+03:00", "2019-10-01 22:30:00-0300")
    deliver(platform, form, [event(event_time=text) for text in times])

    build_events(platform)

    assert moments(platform) == ["2019-09-30 22:30:00", "2019-10-02 01:30:00"]
    assert platform.landing.dates() == ["2019-09-30", "2019-10-02"]


def test_d26_an_offset_in_a_declared_pattern_wins_over_the_declared_zone(platform: Platform) -> None:
    platform = platform_with(platform, source_timezone="Europe/Berlin", event_time_format="%d/%m/%Y %H:%M %z")
    land(platform, "day.csv", [event(event_time="01/10/2019 03:00 +0300")])

    build_events(platform)

    assert moments(platform) == ["2019-10-01 00:00:00"]


@every_form
@pytest.mark.parametrize("text", ["1569888000", "1569888000000"])
def test_d27_epoch_times_are_rejected_unless_declared(platform: Platform, form: str, text: str) -> None:
    name = deliver(platform, form, [event(event_time=text), event()])

    build_events(platform)

    (bad,) = quarantine(platform)
    assert (bad.stage, bad.reason, bad.source_file) == ("landing", "bad_event_time", name)
    assert (bad.source_row, bad.received["event_time"], bad.event_date) == (first_line(form), text, None)


@pytest.mark.parametrize(
    ("declared", "received"),
    [
        ("epoch_seconds", pa.array([1_569_888_000])),
        ("epoch_seconds", pa.array(["1569888000.0"])),
        ("epoch_milliseconds", pa.array([1_569_888_000_000])),
        ("%d.%m.%Y %H:%M", pa.array(["01.10.2019 00:00"])),
    ],
)
def test_d27_a_declared_format_is_read(platform: Platform, declared: str, received: pa.Array) -> None:
    platform = platform_with(platform, event_time_format=declared)
    deliver_table(platform, typed(1, event_time=received))
    land(platform, "day.csv", [event(event_time=str(received[0]), user_id="2"), event(event_time="1e400")])

    build_events(platform)

    assert len(clean(platform)) == 2
    assert moments(platform) == ["2019-10-01 00:00:00"]
    assert reasons(platform) == {"bad_event_time": 1}


@every_form
def test_d28_impossible_dates_are_rejected(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(), *(event(event_time=text) for text in IMPOSSIBLE)])

    build_events(platform)

    assert len(clean(platform)) == 1
    assert reasons(platform) == {"bad_event_time": len(IMPOSSIBLE)}
    expected = [text or None if form != "parquet" else text for text in IMPOSSIBLE]
    assert [item.received["event_time"] for item in quarantine(platform)] == expected


@every_form
def test_d29_future_events_are_rejected_beyond_the_tolerance(platform: Platform, form: str) -> None:
    platform = platform_with(platform, as_of=datetime(2019, 10, 1, 12, 0, tzinfo=UTC))
    late = ("2019-10-01 12:05:01 UTC", "2019-10-01 14:05:01+02:00", "2119-10-01 00:00:00 UTC")
    times = ("2019-10-01 12:05:00 UTC", *late)
    deliver(platform, form, [event(event_time=text) for text in times])

    build_events(platform)

    assert moments(platform) == ["2019-10-01 12:05:00"]
    found = [(item.reason, item.source_row, item.event_date) for item in quarantine(platform)]
    days = (date(2019, 10, 1), date(2019, 10, 1), date(2119, 10, 1))
    assert found == [("future_event", first_line(form) + n, day) for n, day in enumerate(days, start=1)]


@every_form
def test_d30_events_before_the_start_are_rejected(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(event_time="2015-12-31 23:59:59 UTC"), event(event_time="2016-01-01 00:00:00 UTC")])
    deliver(platform, form, [event(event_time="2016-01-01 01:00:00+02:00")], name="offset")

    build_events(platform)

    assert moments(platform) == ["2016-01-01 00:00:00"]
    assert [(item.reason, item.event_date) for item in quarantine(platform)] == [("too_old", date(2015, 12, 31))] * 2


@pytest.mark.usefixtures("new_york")
@every_form
def test_d31_the_hosts_time_zone_changes_nothing(platform: Platform, form: str) -> None:
    platform = platform_with(platform, as_of=datetime(2019, 10, 1, 0, 0, tzinfo=UTC))
    times = (*SAME_MOMENT, "2019-10-01 00:00:00", "2019-10-01 00:05:01 UTC", "2015-12-31 23:59:59 UTC")
    deliver(platform, form, [event(event_time=text, user_id=str(n)) for n, text in enumerate(times)])

    build_events(platform)

    assert (len(clean(platform)), moments(platform)) == (len(SAME_MOMENT) + 1, ["2019-10-01 00:00:00"])
    assert reasons(platform) == {"future_event": 1, "too_old": 1}


@csv_forms
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_d32_a_utc_day_has_24_hours_when_clocks_change(platform: Platform, form: str, zone: str) -> None:
    platform = platform_with(platform, source_timezone=zone)
    hours = [f"2019-03-{day} {hour:02d}:30:00 UTC" for day in (30, 31) for hour in range(24)]
    deliver(platform, form, [event(event_time=text) for text in hours])

    build_events(platform)

    per_day = "SELECT date::VARCHAR AS day, count(*) AS n FROM clean_events GROUP BY date ORDER BY date"
    assert [(row["day"], row["n"]) for row in rows(platform, per_day, "clean_events")] == [
        ("2019-03-30", 24), ("2019-03-31", 24),
    ]  # fmt: skip


def test_d34_a_day_without_rows_is_an_empty_partition_and_warned_of(platform: Platform) -> None:
    land(platform, "day.csv", [event()])

    made = build(platform, "raw_events", "clean_events", dates=["2019-10-01", "2019-10-02"])

    empty = [items[1] for items in made.values()]
    assert all(item.published for item in empty)
    assert [item.facts["raw_events"].rows for item in empty[:1]] == [0]
    assert warnings({"raw_events": [empty[0]]})["volume"].startswith(("no rows", "0 rows"))


def test_d35_lags_and_windows_go_by_calendar_over_a_missing_day(platform: Platform) -> None:
    days = ("2019-10-01", "2019-10-03")
    land(platform, "days.csv", [event(event_type="purchase", event_time=f"{day} 10:00:00 UTC") for day in days])

    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")

    sql = """
        SELECT "purchases_t-1" AS before, "MA7" AS ma7, window_days_present AS present FROM features
        WHERE key_type = 'brand' AND date = DATE '2019-10-03'
    """
    assert rows(platform, sql, "features") == [{"before": None, "ma7": 1.0, "present": 2}]
