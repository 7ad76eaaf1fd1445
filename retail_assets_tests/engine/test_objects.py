"""Small objects and the ledger that is made of them: the same in a folder and on a real S3 server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from retail_assets.engine.objects import FolderObjects, Objects, S3Objects
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.ledger import SEGMENTS_PER_CHECKPOINT, Book, LandedFile, Ledger
from retail_assets.local_cloud.s3_server import BUCKET, S3Server

Place = Callable[[], Objects]


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Gives access to one and the same place, each time as another process would have it."""
    if request.param == "folder":
        return lambda: FolderObjects(tmp_path / "objects")
    server: S3Server = request.getfixturevalue("s3")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    prefix = f"{tmp_path.name}/ledger"
    return lambda: S3Objects(S3(server.settings), S3Location(BUCKET, prefix))


def entry(name: str, rows: int = 1) -> LandedFile:
    return LandedFile(
        *(name, "landed", "5a" * 32, 10, 1, "reader", "2026-01-01T00:00:00"),
        file_id=f"{name}-id",
        parts={"2019-10-01": rows},
        sizes={"2019-10-01": 9},
        rejected=(Book(None, "bad_event_time", 2),),
        notes={"a": "b"},
    )


def test_an_object_is_created_once_and_never_overwritten(place: Place) -> None:
    place().create("b", b"first")
    with pytest.raises(FileExistsError):
        place().create("b", b"second")
    place().create("a", b"")
    assert [item.name for item in place().listed()] == ["a", "b"]
    assert place().read("b") == b"first"
    place().remove("b")
    place().remove("b")
    with pytest.raises(FileNotFoundError):
        place().read("b")
    place().create("b", b"second")
    stamps = dict(place().listed())
    assert set(stamps) == {"a", "b"}


def test_the_latest_entry_of_every_name_counts(place: Place) -> None:
    ledger = Ledger(place())
    assert (ledger.files(), ledger.version()) == ({}, "")
    ledger.append([entry("a"), entry("b")])
    ledger.append([entry("a", rows=7)])
    for reader in (ledger, Ledger(place())):
        assert reader.files() == {"a": entry("a", rows=7), "b": entry("b")}
        assert reader.version() == "000000002.json"


def test_a_checkpoint_says_the_same_in_one_object(place: Place) -> None:
    ledger = Ledger(place())
    for number in range(SEGMENTS_PER_CHECKPOINT + 3):
        ledger.append([entry(f"{number % 7}", rows=number)])
    assert len(place().listed()) < SEGMENTS_PER_CHECKPOINT
    last = SEGMENTS_PER_CHECKPOINT + 2
    expected = {f"{number % 7}": entry(f"{number % 7}", rows=number) for number in range(last + 1)}
    assert Ledger(place()).files() == ledger.files() == expected
    ledger.checkpoint()
    assert [item.name for item in place().listed()] == [f"{last + 1:09d}.checkpoint.json"]
    assert Ledger(place()).files() == expected


def test_writers_at_once_all_get_their_entries_in(place: Place) -> None:
    def write(writer: int) -> None:
        ledger = Ledger(place())
        for number in range(5):
            ledger.append([entry(f"{writer}-{number}")])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(Ledger(place()).files()) == {f"{writer}-{number}" for writer in range(2) for number in range(5)}


def test_a_damaged_ledger_names_what_is_wrong_and_the_mend(place: Place) -> None:
    place().create("000000001.json", b"{")
    with pytest.raises(ValueError, match=r"000000001\.json in .* is damaged .* Remove .*: the next run"):
        Ledger(place()).files()
