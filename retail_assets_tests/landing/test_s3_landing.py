"""Landing on a real S3 server: the same as in folders, with one look at the inbox, over a bad line too."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.arrival import Arrival, FileChanged
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.s3_inbox import S3Inbox
from retail_assets_tests.building import books, build, event, land, rows
from retail_assets_tests.landing.inboxes_on_s3 import FILES, put, quarantine, states
from retail_assets_tests.servers.fault_proxy import FaultProxy


def plain(entry: LandedFile) -> LandedFile:
    """An entry but for what is another wherever it is kept."""
    return entry._replace(mtime_ns=0, etag="", attempt="", as_of="")


def test_s3_and_folders_come_to_the_same(cloud: Platform, platform: Platform) -> None:
    for name, content in FILES.items():
        put(cloud, name, content)
        land(platform, name, content)
    for one in (cloud, platform):
        build(one, "raw_events", "clean_events")
    assert {name: plain(entry) for name, entry in cloud.landing.files().items()} == {
        name: plain(entry) for name, entry in platform.landing.files().items()
    }
    assert states(cloud) == {"2019/b c+d&é%.csv": "landed", "a.csv": "landed", "again.csv": "duplicate"}
    assert cloud.landing.books() == platform.landing.books()
    assert books(cloud, "2019-10-01") == books(platform, "2019-10-01")
    for sql in ("SELECT * FROM raw_events ORDER BY ALL", "SELECT * FROM clean_events ORDER BY ALL"):
        assert rows(cloud, sql, sql.split()[3]) == rows(platform, sql, sql.split()[3])
    (mine,), (theirs,) = cloud.landing.rejected_events().objects, platform.landing.rejected_events().objects
    assert (mine.rows, mine.bytes, mine.digest) == (theirs.rows, theirs.bytes, theirs.digest)
    assert quarantine(cloud) == [
        f"rejected_events/stage=landing/date=__HIVE_DEFAULT_PARTITION__/{path.name}"
        for path in platform.settings.lake_dir.glob("rejected_events/stage=landing/*/*.parquet")
    ]
    assert cloud.landing.pending() == []


def test_an_object_is_known_by_its_etag(cloud: Platform) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    cloud.landing.take_in()
    before = cloud.landing.ledger.version()
    put(cloud, "a.csv", FILES["a.csv"])  # later, but the same
    assert cloud.landing.pending() == []
    etag = put(cloud, "a.csv", [event(product_id="9")])
    assert [arrival.etag for arrival in cloud.landing.pending()] == [etag]
    build(cloud, "raw_events")
    assert cloud.landing.ledger.version() != before
    found = rows(cloud, "SELECT date::VARCHAR AS day, product_id FROM raw_events", "raw_events")
    assert found == [{"day": "2019-10-01", "product_id": "9"}]


@pytest.fixture
def looks(cloud: Platform) -> Iterator[list[str]]:
    """The places that are listed, one entry a page."""
    seen, name = list[str](), "before-call.s3.ListObjectsV2"
    events = S3(cloud.settings.s3).client.meta.events
    events.register(name, lambda params, **_: seen.append(params["query_string"]["prefix"]), unique_id="looks")
    yield seen
    events.unregister(name, unique_id="looks")


def _inbox_looks(platform: Platform, looks: list[str]) -> int:
    return looks.count(S3Location.of(platform.landing.inbox.place).below)


def test_the_inbox_is_listed_once(cloud: Platform, looks: list[str]) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    cloud.landing.take_in()
    assert _inbox_looks(cloud, looks) == 1
    put(cloud, "b.csv", [event(product_id="3")])
    looks.clear()
    pending = cloud.landing.pending()
    assert [entry.name for entry in cloud.landing.take_in(seen=pending)] == ["b.csv"]
    assert _inbox_looks(cloud, looks) == 1
    assert cloud.landing.take_in(seen=pending) == []  # somebody has taken them in since


def test_a_duplicate_takes_the_place_of_its_original_at_once(cloud: Platform, looks: list[str]) -> None:
    for name in ("a.csv", "again.csv"):
        put(cloud, name, FILES[name])
    cloud.landing.take_in()
    put(cloud, "a.csv", [event(product_id="9")])
    looks.clear()
    assert {entry.name: entry.state for entry in cloud.landing.take_in()} == {"a.csv": "landed", "again.csv": "landed"}
    assert _inbox_looks(cloud, looks) == 2


def test_what_is_no_event_file_is_left_alone(cloud: Platform) -> None:
    for name in ("_tmp/a.csv", ".hidden.csv", "note.txt", "a.csv.part", "folder/_SUCCESS", "day/b.csv"):
        put(cloud, name, FILES["a.csv"])
    assert [arrival.name for arrival in cloud.landing.pending()] == ["day/b.csv"]


def test_objects_that_settle_wait(cloud: Platform) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    patient = Platform.of(cloud.settings.model_copy(update={"settle_seconds": 3600}))
    assert (patient.landing.pending(), len(cloud.landing.pending())) == ([], 1)


def test_an_object_that_is_replaced_meanwhile_is_left_for_later(cloud: Platform, tmp_path: Path) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    (arrival,) = cloud.landing.pending()
    put(cloud, "a.csv", [event(product_id="9")])
    inbox = cloud.landing.inbox
    with pytest.raises(FileChanged, match=r"a\.csv is gone or has been replaced"):
        inbox.fetch(arrival, tmp_path)
    assert isinstance(inbox, S3Inbox)
    S3(cloud.settings.s3).remove(inbox.below / "a.csv")
    with pytest.raises(FileChanged):
        inbox.fetch(arrival, tmp_path)


def test_withdrawal_and_late_events_on_s3(cloud: Platform) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    put(cloud, "new.csv", [event(event_time="2019-10-20 00:00:00 UTC")])
    build(cloud, "raw_events")
    put(cloud, "late.csv", [event(product_id="3"), event(event_time="never")])
    build(cloud, "raw_events")
    assert {book.reason for book in cloud.landing.files()["late.csv"].rejected} == {"too_late", "bad_event_time"}
    (entry,) = cloud.landing.readmit()
    assert (entry.name, [book.reason for book in entry.rejected]) == ("late.csv", ["bad_event_time"])
    assert len(quarantine(cloud)) == 1
    cloud.landing.withdraw([cloud.landing.name_of(f"{cloud.landing.inbox.place}/late.csv")])
    assert states(cloud)["late.csv"] == "withdrawn"
    assert quarantine(cloud) == []
    build(cloud, "raw_events")
    found = rows(cloud, "SELECT source_file, source_row FROM raw_events ORDER BY ALL", "raw_events")
    assert [row["source_file"] for row in found] == ["a.csv", "a.csv", "new.csv"]


def test_an_object_arrives_whole_over_a_bad_line(cloud: Platform, tmp_path: Path) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([number, "x" * 50] for number in range(100_000))
    put(cloud, "large.csv", text.getvalue().encode())
    (arrival,) = cloud.landing.pending()
    endpoint = str(cloud.settings.s3.endpoint_url)
    weights = (1, 1, 1, 1, 9, 0)
    with FaultProxy(endpoint, share=0.8, weights=weights).running() as proxy:
        reached = cloud.settings.s3.model_copy(update={"endpoint_url": proxy.endpoint})
        inbox = S3Inbox(S3(reached), S3Location.of(cloud.landing.inbox.place))
        for number in range(10):
            folder = tmp_path / str(number)
            folder.mkdir()
            here = inbox.fetch(arrival, folder)
            assert here.path.read_bytes() == text.getvalue().encode()
            assert (here.name, here.bytes) == ("large.csv", arrival.bytes)
        assert sum(proxy.faults.values()) >= 10


def test_a_damaged_object_does_not_arrive(cloud: Platform, tmp_path: Path) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    (arrival,) = cloud.landing.pending()
    longer = Arrival(arrival.name, arrival.location, arrival.bytes + 1, 0, arrival.etag)
    quick = cloud.settings.s3.model_copy(update={"attempts": 2})
    inbox = S3Inbox(S3(quick), S3Location.of(cloud.landing.inbox.place))
    with pytest.raises(Exception, match=r"a\.csv: .*attempts are used up|InvalidRange|range"):
        inbox.fetch(longer, tmp_path)
