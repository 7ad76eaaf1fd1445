"""Landing on a real S3 server: the same as in folders, whoever else is at work, and whatever breaks off."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing import listing, s3_storage
from retail_assets.landing.arrival import Arrival, FileChanged
from retail_assets.landing.landing import Landing
from retail_assets.landing.ledger import LandedFile, Ledger
from retail_assets.landing.s3_inbox import S3Inbox
from retail_assets.landing.s3_storage import S3Storage
from retail_assets.settings import Settings
from retail_assets_tests.building import books, build, csv_text, event, land, rows
from retail_assets_tests.landing.inboxes_on_s3 import keys, put, with_inbox
from retail_assets_tests.servers.fault_proxy import FaultProxy

SECOND = "2019-10-02 12:00:00 UTC"
FILES = {
    "a.csv": [event(product_id="1"), event(product_id="1", event_time=SECOND)],
    "2019/b c+d&é%.csv": [event(product_id="2"), event(event_time="never"), event(price="x")],
    "again.csv": [event(product_id="1"), event(product_id="1", event_time=SECOND)],
}


@pytest.fixture
def cloud(on_s3: Settings) -> Platform:
    """A platform whose lake and inbox are on S3."""
    return Platform.of(with_inbox(on_s3))


def quarantine(platform: Platform) -> list[str]:
    """The rejected rows that readers of plain objects find."""
    return keys(platform, "rejected_events/stage=landing")


def states(platform: Platform) -> dict[str, str]:
    return {name: entry.state for name, entry in sorted(platform.landing.files().items())}


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


def together(*landings: Landing) -> list[list[LandedFile]]:
    """What landings take in that all have listed their inbox, and read it, before one of them writes the ledger."""
    ready = threading.Barrier(len(landings))
    results: list[list[LandedFile]] = [[] for _ in landings]

    def work(number: int) -> None:
        landing, first = landings[number], threading.Event()

        def meet(_: object) -> None:
            if not first.is_set():
                first.set()
                ready.wait(60)

        results[number] = landing.take_in(meet)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(landings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_runs_without_a_lock_accept_a_content_once(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Storage, "exclusive", lambda _: nullcontext())
    content = [event(product_id=str(number)) for number in range(50)] + [event(event_time="never")]
    other = Platform.of(cloud.settings.model_copy(update={"inbox_url": f"{cloud.landing.inbox.place}-too"}))
    put(cloud, "one.csv", content)
    put(other, "two.csv", content)
    taken = together(cloud.landing, other.landing)
    assert sorted(entry.state for found in taken for entry in found) == ["duplicate", "landed"]
    assert sorted(states(cloud).values()) == ["duplicate", "landed"]
    assert cloud.landing.pending() == other.landing.pending() == []
    (landed,) = (entry for entry in cloud.landing.files().values() if entry.file_id)
    parts = [key for key in keys(cloud, "_landing/parts") if landed.attempt in key]
    assert sorted(keys(cloud, "_landing/parts")) == sorted(parts)  # of the other attempt nothing is left
    assert len(quarantine(cloud)) == 1
    build(cloud, "raw_events")
    assert len(rows(cloud, "SELECT * FROM raw_events", "raw_events")) == 50


def test_two_runs_without_a_lock_take_one_object_in_once(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Storage, "exclusive", lambda _: nullcontext())
    put(cloud, "one.csv", FILES["a.csv"])
    taken = together(cloud.landing, Platform.of(cloud.settings).landing)
    assert sorted(len(found) for found in taken) == [0, 1]
    build(cloud, "raw_events")
    assert len(rows(cloud, "SELECT * FROM raw_events", "raw_events")) == 2


def test_runs_that_die_leave_nothing_that_lasts(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, "b.csv", FILES["2019/b c+d&é%.csv"])
    for place, name in ((Ledger, "append"), (S3Storage, "_show")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, _dies)
            with pytest.raises(KeyboardInterrupt):
                cloud.landing.take_in()
        assert quarantine(cloud) == []
    assert cloud.landing.pending() == []  # the second one got as far as the ledger
    cloud.landing.take_in()
    assert len(quarantine(cloud)) == 1
    assert keys(cloud, "_landing/unsettled") == []
    assert len({key.split("/")[3] for key in keys(cloud, "_landing/parts")}) == 2

    monkeypatch.setattr(s3_storage, "KEPT_SECONDS", -1)
    put(cloud, "more.csv", FILES["a.csv"])
    cloud.landing.take_in()
    attempts = {entry.attempt for entry in cloud.landing.files().values()}
    assert {key.split("/")[3] for key in keys(cloud, "_landing/parts")} == attempts


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_replaced_parts_stay_while_they_may_be_read(cloud: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, "a.csv", FILES["a.csv"])
    cloud.landing.take_in()
    before = set(keys(cloud, "_landing/parts"))
    put(cloud, "a.csv", [event(product_id="9")])
    cloud.landing.take_in()
    S3(cloud.settings.s3).put(S3Location.of(cloud.settings.lake_url or "") / "_landing/swept", b"0")
    put(cloud, "b.csv", [event(product_id="10")])
    cloud.landing.take_in()
    assert before < set(keys(cloud, "_landing/parts"))
    monkeypatch.setattr(s3_storage, "KEPT_SECONDS", -1)
    put(cloud, "c.csv", [event(product_id="11")])
    cloud.landing.take_in()
    assert not before & set(keys(cloud, "_landing/parts"))
    assert keys(cloud, "_landing/retired") == []


def test_a_run_elsewhere_makes_it_busy(cloud: Platform) -> None:
    elsewhere = Platform.of(cloud.settings.model_copy(update={"data_dir": cloud.settings.data_dir / "elsewhere"}))
    with elsewhere.landing.storage.exclusive():
        assert cloud.landing.is_busy
    assert not cloud.landing.is_busy


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
