"""Sources that write times or texts in ways of their own: each event is the same, whatever the kind of file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets.settings.sources import SourceSettings
from retail_assets_tests.building import build, csv_text, event, rows

RECEIVED = {
    "berlin": ["2019-10-01 01:30:00", "2019-10-01 01:30:00 UTC", "2019-10-01T01:30:00+05:00"],
    "epochs": ["1569891600", "1569886200"],
}
"""What each source writes: clocks of Berlin (then two hours ahead) beside times with a zone, and seconds since 1970."""

KEPT = {
    "berlin": ["2019-09-30 23:30:00.000000 UTC", "2019-10-01 01:30:00 UTC", "2019-10-01T01:30:00+05:00"],
    "epochs": ["2019-10-01 01:00:00.000000 UTC", "2019-09-30 23:30:00.000000 UTC"],
}
"""As received where the platform reads it as the source means it, else written anew in UTC."""

MOMENTS = {
    "berlin": ["2019-09-30 23:30:00", "2019-10-01 01:30:00", "2019-09-30 20:30:00"],
    "epochs": ["2019-10-01 01:00:00", "2019-09-30 23:30:00"],
}


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Platform:
    """A platform with two sources besides its landing folder."""
    sources = (
        SourceSettings(name="berlin", place=str(tmp_path / "berlin"), source_timezone="Europe/Berlin"),
        SourceSettings(name="epochs", place=str(tmp_path / "epochs"), event_time_format="epoch_seconds"),
    )
    return Platform.of(settings.model_copy(update={"sources": sources}))


def deliver(source: SourceSettings, kind: str) -> None:
    """The events of a source as one file; their products are their places in it."""
    events = [event(event_time=time, product_id=str(place)) for place, time in enumerate(RECEIVED[source.name])]
    folder = Path(source.place)
    folder.mkdir()
    (folder / "events.csv").write_text(csv_text(events), encoding="utf-8")
    if kind == "parquet":
        select = f"FROM read_csv('{folder / 'events.csv'}', all_varchar = true)"
        duckdb.sql(f"COPY ({select}) TO '{folder / 'events.parquet'}' (FORMAT parquet)")
        (folder / "events.csv").unlink()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_times_mean_what_their_source_means(platform: Platform, kind: str) -> None:
    for source in platform.settings.sources:
        deliver(source, kind)

    build(platform, "raw_events", "clean_events")

    for name, wanted in KEPT.items():
        select = f"FROM raw_events WHERE starts_with(source_file, '{name}://') ORDER BY product_id"
        assert [row["event_time"] for row in rows(platform, f"SELECT event_time {select}", "raw_events")] == wanted
    clean = "SELECT product_id, event_time::VARCHAR AS at, date::VARCHAR AS day FROM clean_events ORDER BY ALL"
    found = [(row["product_id"], row["at"], row["day"]) for row in rows(platform, clean, "clean_events")]
    assert found == sorted((str(i), at, at[:10]) for times in MOMENTS.values() for i, at in enumerate(times))


def test_a_file_in_another_encoding_is_told_the_setting_of_its_source(settings: Settings, tmp_path: Path) -> None:
    plain = SourceSettings(name="till", place=str(tmp_path / "till"))
    (tmp_path / "till").mkdir()
    (tmp_path / "till" / "day.csv").write_bytes(csv_text([event(brand="Nestlé")]).encode("latin-1"))
    platform = Platform.of(settings.model_copy(update={"sources": (plain,)}))

    (entry,) = platform.landing.take_in()

    assert entry.code == "encoding"
    assert "for a source of RETAIL_SOURCES by its `source_encoding`" in entry.detail

    told = plain.model_copy(update={"source_encoding": "latin-1"})
    platform = Platform.of(settings.model_copy(update={"sources": (told,)}))
    build(platform, "raw_events", "clean_events")

    assert [row["brand"] for row in rows(platform, "SELECT brand FROM clean_events", "clean_events")] == ["nestlé"]
