"""Ways for tests to fill inboxes on S3 and to look at what lies there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event

SECOND = "2019-10-02 12:00:00 UTC"
FILES = {
    "a.csv": [event(product_id="1"), event(product_id="1", event_time=SECOND)],
    "2019/b c+d&é%.csv": [event(product_id="2"), event(event_time="never"), event(price="x")],
    "again.csv": [event(product_id="1"), event(product_id="1", event_time=SECOND)],
}


def with_inbox(settings: Settings) -> Settings:
    """The settings of a platform on S3, with an inbox there beside its lake."""
    prefix = str(settings.lake_url).removesuffix("/lake")
    return settings.model_copy(update={"inbox_url": f"{prefix}/landing"})


def put(platform: Platform, name: str, content: bytes | Iterable[Mapping[str, str | None]]) -> str:
    """Put an object into the inbox: bytes, or events to be written as CSV; returns its ETag."""
    text = content if isinstance(content, bytes) else csv_text(content).encode()
    return S3(platform.settings.s3).put(S3Location.of(platform.landing.inbox.place) / name, text).etag


def keys(platform: Platform, below: str = "") -> list[str]:
    """What there is of the lake."""
    root = S3Location.of(str(platform.settings.lake_url))
    found = S3(platform.settings.s3).listed(root / below if below else root)
    return [place.key.removeprefix(root.below) for place, _, _ in found]


def quarantine(platform: Platform) -> list[str]:
    """The rejected rows that readers of plain objects find."""
    return keys(platform, "rejected_events/stage=landing")


def states(platform: Platform) -> dict[str, str]:
    """The state of every landed file."""
    return {name: entry.state for name, entry in sorted(platform.landing.files().items())}
