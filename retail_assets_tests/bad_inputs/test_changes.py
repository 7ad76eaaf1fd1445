"""D07 and D08: files that are unfinished, that change, or that come again."""

from __future__ import annotations

import os

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.landing import intake
from retail_assets.landing.gate import inspect_file
from retail_assets_tests.bad_inputs.verdicts import (
    build_events,
    clean,
    deliver,
    entry_of,
    every_form,
    platform_with,
    quarantine,
)
from retail_assets_tests.building import books, build, csv_text, event, land, rows


def files_of(platform: Platform) -> list[str]:
    """The files that raw events come from."""
    found = rows(platform, "SELECT DISTINCT source_file AS name FROM raw_events ORDER BY 1", "raw_events")
    return [row["name"] for row in found]


def test_d07_unfinished_files_are_left_alone(platform: Platform) -> None:
    for name in ("day.csv.part", "day.csv.tmp", ".day.csv", "_day.csv", "sub/.hidden/day.csv", "day.csv.gz.filepart"):
        land(platform, name, [event()])

    assert platform.landing.take_in() == []


@every_form
def test_d07_a_file_that_changes_while_it_is_read_is_left_until_it_is_stable(
    platform: Platform, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = platform.settings.landing_dir / deliver(platform, form, [event()])
    content = path.read_bytes()

    def interfere(*arguments: object) -> object:
        inspected = inspect_file(*arguments)  # type: ignore[arg-type]
        path.write_bytes(content + b" ")
        return inspected

    monkeypatch.setattr(intake, "inspect_file", interfere)
    assert platform.landing.take_in() == []
    assert platform.landing.files() == {}

    monkeypatch.undo()
    path.write_bytes(content)
    build_events(platform)

    assert len(clean(platform)) == 1


def test_d07_a_file_that_grows_between_listing_and_reading_is_left(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(platform, "day.csv", [event()])
    (listed,) = platform.landing.pending()
    path.write_text(csv_text([event(), event(user_id="2")]))
    monkeypatch.setattr("retail_assets.landing.inbox.FolderInbox.arrivals", lambda *_: [listed])

    assert platform.landing.take_in() == []


def test_d07_a_file_settles_first_where_the_settings_say_so(platform: Platform) -> None:
    platform = platform_with(platform, settle_seconds=60)
    path = land(platform, "day.csv", [event()])
    assert platform.landing.take_in() == []

    os.utime(path, (0, path.stat().st_mtime - 61))

    assert [entry.name for entry in platform.landing.take_in()] == ["day.csv"]


@every_form
def test_d08_the_same_bytes_again_are_ignored(platform: Platform, form: str, caplog: pytest.LogCaptureFixture) -> None:
    name = deliver(platform, form, [event()])
    build_events(platform)
    path = platform.settings.landing_dir / name
    copy = f"again.{form}"
    (path.parent / copy).write_bytes(path.read_bytes())
    os.utime(path)

    build_events(platform)

    assert (entry_of(platform, copy).state, entry_of(platform, copy).rows) == ("duplicate", 0)
    assert f"{copy} holds the same bytes as {name}: ignored" in caplog.text
    assert books(platform, "2019-10-01") == {"received": 1, "clean": 1}
    assert platform.landing.pending() == []


@every_form
def test_d08_the_same_name_with_new_bytes_replaces_the_rows(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(), event(event_time="bad"), event(event_time="2019-10-02 00:00:00 UTC")])
    build_events(platform)

    deliver(platform, form, [event(user_id="2", event_time="2019-10-03 00:00:00 UTC")])
    build(platform, "raw_events", "clean_events", dates=["2019-10-01", "2019-10-02", "2019-10-03"])

    assert [(row["user_id"], str(row["date"])) for row in clean(platform)] == [("2", "2019-10-03")]
    assert quarantine(platform) == []


def test_d08_a_duplicate_takes_the_place_of_an_original_that_is_replaced(platform: Platform) -> None:
    land(platform, "a.csv", [event()])
    platform.landing.take_in()
    land(platform, "b.csv", [event()])
    build_events(platform)
    assert files_of(platform) == ["a.csv"]

    land(platform, "a.csv", [event(user_id="2")])
    build_events(platform)

    assert files_of(platform) == ["a.csv", "b.csv"]
    assert len(clean(platform)) == 2


@every_form
def test_a_blocked_file_leaves_what_was_there_before(platform: Platform, form: str) -> None:
    name = deliver(platform, form, [event(), event(event_time="bad")])
    build_events(platform)
    path = platform.settings.landing_dir / name
    path.write_bytes(b"\xff\xfe garbage")

    build_events(platform)

    assert entry_of(platform, name).state == "blocked"
    assert len(clean(platform)) == len(quarantine(platform)) == 1

    deliver(platform, form, [event(user_id="2")])
    build_events(platform)

    assert (entry_of(platform, name).state, entry_of(platform, name).code) == ("landed", "")
    assert [row["user_id"] for row in clean(platform)] == ["2"]
