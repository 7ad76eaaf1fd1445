"""The ledger among writers that know nothing of each other: whatever the order of their steps, it stays right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_assets.engine.objects import FolderObjects, Listed, Objects, S3Objects
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.ledger import LandedFile, Ledger, LedgerMoved
from retail_assets.local_cloud.s3_server import BUCKET
from retail_assets.settings import Settings


@dataclass
class Turns:
    """Lets one of several threads go on at a time, from one access of the ledger's objects to the next."""

    waiting: dict[int, threading.Event] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    alive: set[int] = field(default_factory=set)

    def wait(self, number: int) -> None:
        mine = threading.Event()
        with self.changed:
            self.waiting[number] = mine
            self.changed.notify_all()
        mine.wait()

    def end(self, number: int) -> None:
        with self.changed:
            self.alive.discard(number)
            self.changed.notify_all()

    def run(self, works: Sequence[Callable[[int], None]], order: Iterator[int]) -> None:
        """Do all of the works, each in a thread of its own, in the given order of steps."""
        self.alive = set(range(len(works)))
        threads = [threading.Thread(target=self._work, args=(number, work)) for number, work in enumerate(works)]
        for thread in threads:
            thread.start()
        while self._all_wait():
            chosen = sorted(self.alive)[next(order, 0) % len(self.alive)]
            self.waiting.pop(chosen).set()
        for thread in threads:
            thread.join()

    def _work(self, number: int, work: Callable[[int], None]) -> None:
        try:
            work(number)
        finally:
            self.end(number)

    def _all_wait(self) -> bool:
        with self.changed:
            self.changed.wait_for(lambda: self.alive <= set(self.waiting))
            return bool(self.alive)


@dataclass(frozen=True)
class InTurns:
    """Objects of which every access waits for its turn."""

    objects: Objects
    number: int
    turns: Turns = field(compare=False)

    @property
    def place(self) -> str:
        return self.objects.place

    def listed(self) -> list[Listed]:
        self.turns.wait(self.number)
        return self.objects.listed()

    def read(self, name: str) -> bytes:
        self.turns.wait(self.number)
        return self.objects.read(name)

    def create(self, name: str, content: bytes) -> None:
        self.turns.wait(self.number)
        self.objects.create(name, content)

    def remove(self, name: str) -> None:
        self.turns.wait(self.number)
        self.objects.remove(name)

    def sweep(self) -> None:
        """Nothing: it is for the time when nobody else writes."""


def land(ledger: Ledger, name: str, content: str) -> None:
    """Accept a content under a name, unless it has landed under another, deciding again as often as need be."""
    while True:
        files, at = ledger.state()
        original = next((entry.name for entry in files.values() if entry.sha256 == content and entry.file_id), None)
        if name in files:
            return
        state = "duplicate" if original else "landed"
        entry = LandedFile(name, state, content, 10, 1, "reader", "2026-01-01", file_id="" if original else content)  # type: ignore[arg-type]
        try:
            ledger.append([entry], at)
        except LedgerMoved:
            continue
        return


def race(place: Callable[[], Objects], contents: list[list[str]], order: Iterator[int]) -> None:
    """Writers with some files each, the odd ones of which write checkpoints, too."""
    turns = Turns()

    def write(number: int) -> None:
        ledger = Ledger(InTurns(place(), number, turns))
        for position, content in enumerate(contents[number]):
            land(ledger, f"{number}-{position}", content)
            if number % 2:
                ledger.checkpoint()

    turns.run([write] * len(contents), order)
    files = Ledger(place()).files()
    assert set(files) == {f"{number}-{at}" for number, chosen in enumerate(contents) for at in range(len(chosen))}
    accepted = [entry.sha256 for entry in files.values() if entry.file_id]
    assert sorted(accepted) == sorted({content for chosen in contents for content in chosen})


some_contents = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=2, max_size=4)
some_order = st.lists(st.integers(0, 3), max_size=120)


@settings(max_examples=100)
@given(contents=some_contents, order=some_order)
def test_no_content_is_accepted_twice_and_nothing_is_lost(contents: list[list[str]], order: list[int]) -> None:
    with TemporaryDirectory() as folder:
        race(lambda: FolderObjects(Path(folder) / "ledger"), contents, iter(order))


@settings(max_examples=8)
@given(contents=some_contents, order=some_order)
def test_so_it_is_on_s3(on_s3: Settings, contents: list[list[str]], order: list[int]) -> None:
    s3 = S3(on_s3.s3)
    with TemporaryDirectory() as folder:
        race(lambda: S3Objects(s3, S3Location(BUCKET, f"{Path(folder).name}/ledger")), contents, iter(order))


def test_entries_decided_on_an_older_position_do_not_get_in(tmp_path: Path) -> None:
    ledger = Ledger(FolderObjects(tmp_path))
    entry = LandedFile("a", "landed", "5a", 1, 1, "reader", "2026-01-01")
    assert ledger.append([entry], at=0) == 1
    with pytest.raises(LedgerMoved, match="has moved on from position 0"):
        ledger.append([entry._replace(name="b")], at=0)
    assert set(ledger.files()) == {"a"}


def test_a_number_that_a_checkpoint_has_freed_is_not_given_again(tmp_path: Path) -> None:
    class HeldUp(FolderObjects):
        """Writes only after another writer's checkpoint has covered and removed the same number."""

        def create(self, name: str, content: bytes) -> None:
            other.append([entry._replace(name="b")])
            other.append([entry._replace(name="c")])
            other.checkpoint()
            super().create(name, content)

    entry = LandedFile("a", "landed", "5a", 1, 1, "reader", "2026-01-01")
    other = Ledger(FolderObjects(tmp_path))
    with pytest.raises(LedgerMoved):
        Ledger(HeldUp(tmp_path)).append([entry], at=0)
    assert set(other.files()) == {"b", "c"}


def test_a_missing_number_is_no_ledger(tmp_path: Path) -> None:
    ledger = Ledger(FolderObjects(tmp_path))
    entry = LandedFile("a", "landed", "5a", 1, 1, "reader", "2026-01-01")
    for name in "abc":
        ledger.append([entry._replace(name=name)])
    (tmp_path / "000000002.json").unlink()
    with pytest.raises(ValueError, match=r"one of its numbers is missing\. .* remove it"):
        ledger.files()


def test_a_ledger_of_an_older_version_is_read(tmp_path: Path) -> None:
    line = '["a","landed","5a",1,2,"r","2026-01-01","","","id",{"2019-10-01":3},{"2019-10-01":9},[],{}]'
    FolderObjects(tmp_path).create("000000001.json", f'{{"format": 2, "fields": [], "files": [{line}]}}'.encode())
    (entry,) = Ledger(FolderObjects(tmp_path)).files().values()
    assert (entry.rows, entry.etag, entry.attempt) == (3, "", "")
