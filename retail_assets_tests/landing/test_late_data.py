"""Late data: what comes inside the look-back changes just its days; what comes beyond it waits to be readmitted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import books, build, event, land, rows

DAYS = [f"2019-10-{day:02d}" for day in range(1, 11)]


def of_day(day: str, **changes: str | None) -> dict[str, str | None]:
    return event(event_time=f"{day} 12:00:00 UTC", **changes)


@pytest.fixture
def published(platform: Platform) -> Platform:
    """Ten published days, a file a day; with the default look-back the days before the sixth are closed."""
    for day in DAYS:
        land(platform, f"{day}.csv", [of_day(day)])
    build(platform)
    return platform


def rejected(platform: Platform) -> list[tuple[str, str, str]]:
    """Rows in the quarantine of landing: reason, file and event date."""
    objects = platform.landing.rejected_events().objects
    if not objects:
        return []
    paths = ", ".join(f"'{stored.location}'" for stored in objects)
    found = rows(platform, f"SELECT reason, source_file, event_date::VARCHAR AS day FROM read_parquet([{paths}])")
    return sorted((row["reason"], row["source_file"], row["day"]) for row in found)


def clean_rows(platform: Platform) -> dict[str, int]:
    found = rows(platform, "SELECT date::VARCHAR AS day, count(*) AS n FROM clean_events GROUP BY 1", "clean_events")
    return {row["day"]: row["n"] for row in found}


def test_a_late_file_inside_the_look_back_is_taken_in(published: Platform) -> None:
    land(published, "late.csv", [of_day("2019-10-06", product_id="7")])
    build(published)
    assert clean_rows(published)["2019-10-06"] == 2
    assert rejected(published) == []


def test_events_of_closed_days_wait_in_quarantine_and_the_others_go_on(published: Platform) -> None:
    land(published, "late.csv", [of_day("2019-10-05", product_id="7"), of_day("2019-10-09", product_id="7")])
    build(published)
    assert rejected(published) == [("too_late", "late.csv", "2019-10-05")]
    assert clean_rows(published) == {**dict.fromkeys(DAYS, 1), "2019-10-09": 2}
    entry = published.landing.files()["late.csv"]
    assert [tuple(book) for book in entry.rejected] == [("2019-10-05", "too_late", 1)]


def test_the_look_back_is_a_setting(published: Platform) -> None:
    patient = Platform.local(published.settings.model_copy(update={"lookback_days": 9}))
    land(patient, "late.csv", [of_day("2019-10-01", product_id="7")])
    build(patient)
    assert clean_rows(patient)["2019-10-01"] == 2


def test_days_that_never_came_are_missing_rather_than_late(published: Platform) -> None:
    land(published, "before.csv", [of_day("2019-08-01"), of_day("2019-09-30")])
    build(published)
    assert rejected(published) == []
    assert {"2019-08-01", "2019-09-30"} <= set(clean_rows(published))


def test_a_changed_file_may_change_the_days_that_it_brought_before(published: Platform) -> None:
    land(published, "2019-10-01.csv", [of_day("2019-10-01", product_id=str(number)) for number in range(3)])
    build(published)
    assert clean_rows(published)["2019-10-01"] == 3
    assert rejected(published) == []


def test_what_lands_at_once_is_never_late(platform: Platform) -> None:
    for day in reversed(DAYS):
        land(platform, f"{day}-a.csv", [of_day(day)])
        land(platform, f"{day}-b.csv", [of_day(day, product_id="7")])
    build(platform)
    assert clean_rows(platform) == dict.fromkeys(DAYS, 2)


def test_replay_readmits_what_came_too_late(published: Platform) -> None:
    land(published, "late.csv", [of_day("2019-10-02", product_id="7"), of_day("2019-10-09", product_id="7")])
    build(published)
    (entry,) = published.landing.readmit()
    assert (entry.name, entry.parts) == ("late.csv", {"2019-10-02": 1, "2019-10-09": 1})
    build(published)
    assert clean_rows(published)["2019-10-02"] == 2
    assert rejected(published) == []
    assert books(published, "2019-10-02") == {"clean": 2, "received": 2}
    assert published.landing.readmit() == []


def test_what_was_judged_stays_judged_when_the_file_is_seen_again(published: Platform) -> None:
    path = land(published, "late.csv", [of_day("2019-10-02", product_id="7")])
    on_time = land(published, "on_time.csv", [of_day("2019-10-07", product_id="7")])
    build(published)
    before = {name: published.landing.files()[name].file_id for name in ("late.csv", "on_time.csv")}
    land(published, "newer.csv", [of_day("2019-12-01")])
    build(published)
    for touched in (path, on_time):
        os.utime(touched)
    retold = Platform.local(published.settings.model_copy(update={"future_tolerance_minutes": 6}))
    for platform in (published, retold):
        build(platform)
        files = platform.landing.files()
        assert {name: files[name].file_id[:24] for name in before} == {key: id[:24] for key, id in before.items()}
        assert rejected(platform) == [("too_late", "late.csv", "2019-10-02")]
        assert clean_rows(platform)["2019-10-07"] == 2


def test_what_was_readmitted_stays_admitted_when_the_file_is_seen_again(published: Platform) -> None:
    path = land(published, "late.csv", [of_day("2019-10-02", product_id="7")])
    build(published)
    published.landing.readmit(["late.csv"])
    admitted = published.landing.files()["late.csv"].file_id
    os.utime(path)
    published.landing.take_in()
    assert published.landing.files()["late.csv"].file_id == admitted
    retold = Platform.local(published.settings.model_copy(update={"future_tolerance_minutes": 6}))
    build(retold)
    assert rejected(retold) == []
    assert clean_rows(retold)["2019-10-02"] == 2


def test_replaying_needs_the_file_as_it_landed(published: Platform) -> None:
    path = land(published, "late.csv", [of_day("2019-10-02", product_id="7")])
    build(published)
    text = path.read_bytes()
    path.unlink()
    with pytest.raises(ValueError, match=r"late\.csv is no longer in .*landing as it landed"):
        published.landing.readmit()
    with pytest.raises(ValueError, match=r"other\.csv has not landed"):
        published.landing.readmit(["other.csv"])
    path.write_bytes(text)
    assert [entry.name for entry in published.landing.readmit()] == ["late.csv"]


def test_a_late_file_changes_no_byte_of_other_days(published: Platform) -> None:
    before = _objects(published.settings.lake_dir)
    land(published, "late.csv", [of_day("2019-10-08", product_id="7")])
    build(published)
    after = _objects(published.settings.lake_dir)
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    reach = {day for day in DAYS if day >= "2019-10-08"}
    touched = {(path.parts[0], path.parts[-2].removeprefix("date=")) for path in changed}
    assert {day for name, day in touched if name == "features"} == reach
    assert {day for name, day in touched if name != "features"} == {"2019-10-08"}


def _objects(lake: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(lake): path.read_bytes()
        for path in lake.rglob("*.parquet")
        if not path.relative_to(lake).parts[0].startswith("_")
    }
