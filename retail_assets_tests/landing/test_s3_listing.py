"""How an inbox on S3 is listed: page by page, in stretches, and all that there is."""

from __future__ import annotations

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing import listing
from retail_assets.landing.s3_inbox import S3Inbox
from retail_assets_tests.landing.inboxes_on_s3 import FILES, put


def test_pages_are_taken_apart_before_botocore_parses_them(cloud: Platform) -> None:
    """Parsed whole they cost twice the time of a look."""
    for number in range(30):
        put(cloud, f"{number:02}.csv", FILES["a.csv"])
    below, name, bodies = S3Location.of(cloud.landing.inbox.place).below, "before-parse.s3.*", list[bytes]()
    events = S3(cloud.settings.s3).client.meta.events
    events.register(name, lambda response_dict, **_: bodies.append(response_dict["body"]), unique_id="bodies")

    found = cloud.landing.pending()

    events.unregister(name, unique_id="bodies")
    assert len(found) == 30
    pages = [body for body in bodies if below.encode() in body]
    assert pages
    assert not [body for body in pages if b"<Key>" in body]


@pytest.fixture
def stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "KEYS_A_STRETCH", 3)


@pytest.mark.usefixtures("stretches")
def test_a_listing_in_stretches_finds_all_that_there_is(cloud: Platform) -> None:
    names = [f"{folder}/{number} +ü%.csv" for folder in ("a", "a-b", "b.c", "b") for number in range(5)]
    inbox = cloud.landing.inbox
    assert isinstance(inbox, S3Inbox)
    for name in names:
        put(cloud, name, name.encode())
    found = sorted(arrival.name for arrival in inbox.arrivals(lambda _: True, names))
    assert found == sorted(names)
    ends = sorted(names)[2:-1:3]
    for name in (ends[0], ends[3]):  # a stretch ends where there is nothing any more
        S3(cloud.settings.s3).remove(inbox.below / name)
    more = ["0.csv", "a/2 5.csv", "a-a.csv", "b/zz.csv", "c/z.csv"]
    for name in more:
        put(cloud, name, name.encode())
    expected = sorted({*names, *more} - {ends[0], ends[3]})
    assert [arrival.name for arrival in inbox.arrivals(lambda _: True, names)] == expected
    assert [arrival.name for arrival in inbox.arrivals(lambda arrival: arrival.name in more, names)] == sorted(more)
