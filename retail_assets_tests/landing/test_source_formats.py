"""Sources with formats of their own, on S3 and in a folder, and settings of them that cannot be."""

from __future__ import annotations

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import Settings
from retail_assets_tests.building import build, csv_text, event, rows


def in_berlin(platform: Platform) -> Platform:
    """The platform with sources that have formats of their own."""
    place = f"{platform.landing.inbox.place}-of"
    sources = [
        {"name": "shop", "place": f"{place}-shop", "source_timezone": "Europe/Berlin"},
        {"name": "tills", "place": f"{place}-tills", "event_time_format": "epoch_seconds"},
        {"name": "web", "place": str(platform.settings.data_dir / "web"), "source_encoding": "latin-1"},
    ]
    return Platform.of(Settings.model_validate(platform.settings.model_dump() | {"sources": sources}))


def test_each_source_has_a_format_of_its_own(cloud: Platform) -> None:
    platform = in_berlin(cloud)
    place = S3Location.of(platform.landing.inbox.place)
    naive = event(event_time="2019-10-01 12:00:00", product_id="1")
    texts = {
        "-of-shop/a.csv": csv_text([naive, event(event_time="2019-10-01T12:00:00Z", product_id="2")]),
        "-of-tills/a.csv": csv_text([event(event_time="1569931200", product_id="3")]),
        "/a.csv": csv_text([{**naive, "product_id": "4"}]),
    }
    for name, text in texts.items():
        S3(platform.settings.s3).put(S3Location(place.bucket, f"{place.key}{name}"), text.encode())
    web = platform.settings.data_dir / "web" / "a.csv"
    web.parent.mkdir(parents=True)
    web.write_bytes(
        csv_text([event(event_time="2019-10-01 12:00:00 UTC", product_id="5", brand="Müller")]).encode("latin-1")
    )
    build(platform, "raw_events", "clean_events")
    assert set(platform.landing.files()) == {"a.csv", "shop://a.csv", "tills://a.csv", "web://a.csv"}
    raw = rows(platform, "SELECT product_id, event_time FROM raw_events ORDER BY 1", "raw_events")
    assert [row["event_time"] for row in raw] == [
        "2019-10-01 10:00:00.000000 UTC",
        "2019-10-01T12:00:00Z",
        "2019-10-01 12:00:00.000000 UTC",
        "2019-10-01 12:00:00",
        "2019-10-01 12:00:00 UTC",
    ]
    clean = rows(
        platform, "SELECT product_id, event_time::VARCHAR AS at, brand FROM clean_events ORDER BY 1", "clean_events"
    )
    assert [row["at"] for row in clean] == ["2019-10-01 10:00:00"] + ["2019-10-01 12:00:00"] * 4
    assert clean[4]["brand"] == "müller"
    assert platform.landing.pending() == []


@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        ([{"name": "a", "place": "x"}, {"name": "a", "place": "y"}], "the same name"),
        ([{"name": "A b", "place": "x"}], "name"),
        ([{"name": "a", "place": "x", "source_timezone": "Mars/Phobos"}], "no time zone 'Mars/Phobos'"),
        ([{"name": "a", "place": "x", "source_encoding": "utf-9"}], "no encoding 'utf-9'"),
    ],
)
def test_sources_that_cannot_be(sources: list[dict[str, str]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Settings.model_validate({"sources": sources})


def test_times_of_their_own_need_a_plain_platform() -> None:
    own = [{"name": "a", "place": "x", "source_timezone": "Europe/Berlin"}]
    with pytest.raises(ValueError, match="leave RETAIL_EVENT_TIME_FORMAT at iso"):
        Settings.model_validate({"sources": own, "event_time_format": "epoch_seconds"})
