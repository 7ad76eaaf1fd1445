"""Reading in slices: whatever the slices, the same rows as line by line in plain Python."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_assets.assets.platform import Platform
from retail_assets.engine.session import session
from retail_assets.landing import reader, slicer, streams
from retail_assets.landing.slice_reader import read_slice
from retail_assets.landing.vouching import first_day, vouched
from retail_assets.settings import Settings
from retail_assets_tests.building import COLUMNS, land

FIRST = date(2019, 10, 1)
FORMS = {
    "plain": "{day} {clock} UTC",
    "ISO": "{day}T{clock}Z",
    "naive": "{day} {clock}",
    "offset": "{day}T{clock}+00:00",
    "no time": "soon",
    "no hour": "{day} 25:00:00 UTC",
    "old": "1919-10-01 {clock} UTC",
    "future": "2091-10-01 {clock} UTC",
}
REASONS = {"no time": "bad_event_time", "no hour": "bad_event_time", "old": "too_old", "future": "future_event"}
BRANDS = ("samsung", "", "Nestlé", '"a,b"', '"the ""best"""', "bell\x07")
Found = dict[int, tuple[str | None, str | None, str | None]]
"""By line: date, reject reason, price."""

lines = st.tuples(
    st.sampled_from(("plain",) * 12 + tuple(FORMS)),
    st.integers(0, 86399),
    st.sampled_from(("samsung",) * 12 + BRANDS),
)
runs = st.tuples(st.sampled_from((0, 1, 1, 1, 1, 2, -1)), st.lists(lines, max_size=12))
texts = st.builds(
    lambda days, newline, ends, blanks: Text(days, newline, ends, blanks),
    st.lists(runs, max_size=8),
    st.sampled_from(("\n", "\n", "\r\n")),
    st.booleans(),
    st.integers(0, 2),
)


class Text:
    """A CSV text of runs of lines, each run so many days after the one before, and what must be found in it."""

    def __init__(self, days: list[Any], newline: str, ends: bool, blanks: int) -> None:
        self.expected: Found = {}
        records, day = [",".join(COLUMNS)], FIRST
        for step, run in days:
            day += timedelta(days=step)
            for form, second, brand in run:
                records.append(self._record(len(records) + 1, day, form, second, brand))
        self.content = (newline.join(records) + newline * (ends * (1 + blanks))).encode()

    def _record(self, number: int, day: date, form: str, second: int, brand: str) -> str:
        clock = str(timedelta(seconds=second)).zfill(8)
        moment = FORMS[form].format(day=day, clock=clock)
        reason = REASONS.get(form)
        self.expected[number] = (None if reason else day.isoformat(), reason, None if reason else str(number))
        return f"{moment},view,1,2,a.b,{brand},{number},3,s"

    def __repr__(self) -> str:
        return f"Text({self.content!r})"


@contextmanager
def small_slices(smallest: int, chunk: int) -> Iterator[list[bool]]:
    """Slices of a few lines; yields, of every slice that is read, whether it is of one day."""
    seen: list[bool] = []

    def read(connection: Any, part: Any, *others: Any) -> Any:
        seen.append(part.day is not None)
        return read_slice(connection, part, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicer, "SMALLEST", smallest)
        patch.setattr(slicer, "LARGEST", 2 * smallest)
        patch.setattr(slicer, "LARGEST_OF_ONE_DAY", 3 * smallest)
        patch.setattr(slicer, "_UNDECIDED", smallest // 4)
        patch.setattr(streams, "CHUNK", chunk)
        patch.setattr("retail_assets.landing.sliced_reader.read_slice", read)
        yield seen


@contextmanager
def platform_of(**files: bytes) -> Iterator[Platform]:
    """A platform that has taken in these files."""
    with TemporaryDirectory() as folder:
        as_of = datetime(2020, 1, 1, tzinfo=UTC)
        platform = Platform.local(Settings(data_dir=Path(folder), as_of=as_of, threads=2, memory_limit_mb=512))
        for name, content in files.items():
            land(platform, name.replace("_", "."), content)
        platform.landing.take_in()
        yield platform


def found_in(platform: Platform, name: str) -> Found:
    """What landed of a file, as it stands in its parts and in the quarantine."""
    landing = platform.landing
    with session(platform.settings) as connection:
        raw = connection.execute(
            f"SELECT source_row, date::VARCHAR, NULL, price FROM ({landing.landed_events().relation()}) "
            f"WHERE source_file = '{name}'"
        ).fetchall()
        rejected = connection.execute(
            f"SELECT source_row, NULL, reason, NULL FROM ({landing.rejected_events().relation()}) "
            f"WHERE source_file = '{name}'"
        ).fetchall()
    found = {row[0]: tuple(row[1:]) for row in [*raw, *rejected]}
    assert len(found) == len(raw) + len(rejected)
    return found


@settings(max_examples=40, deadline=None)
@given(
    text=texts, smallest=st.sampled_from((200, 1000, 4000)), chunk=st.sampled_from((97, 512, 2000)), gz=st.booleans()
)
def test_every_line_lands_with_its_date_and_number_whatever_the_slices(
    text: Text, smallest: int, chunk: int, gz: bool
) -> None:
    content = gzip.compress(text.content) if gz else text.content
    with small_slices(smallest, chunk), platform_of(events_csv=content) as platform:
        entry = platform.landing.files()["events.csv"]

        assert found_in(platform, "events.csv") == text.expected
        assert sum(entry.parts.values()) + sum(book.rows for book in entry.rejected) == len(text.expected)


def month(days: int, per_day: int) -> bytes:
    """A text in the order of time."""
    clocks = [str(timedelta(seconds=second)).zfill(8) for second in range(per_day)]
    rows = [
        f"{FIRST + timedelta(days=day)} {clock} UTC,view,1,2,a.b,c,{number},3,s"
        for day in range(days)
        for number, clock in enumerate(clocks)
    ]
    return ("\n".join([",".join(COLUMNS), *rows]) + "\n").encode()


def test_slices_of_a_text_in_the_order_of_time_end_with_the_day() -> None:
    with small_slices(2000, 512) as seen, platform_of(events_csv=month(9, 100)) as platform:
        assert seen == [True] * 9
        assert set(platform.landing.files()["events.csv"].parts.values()) == {100}


def test_a_day_of_several_slices_is_one_part_in_the_order_of_its_rows() -> None:
    with small_slices(1000, 512) as seen, platform_of(events_csv=month(2, 400)) as platform:
        assert len(seen) > 4
        with session(platform.settings) as connection:
            for stored in platform.landing.landed_events().objects:
                numbers = connection.execute(f"SELECT source_row FROM '{stored.location}'").fetchall()
                assert numbers == sorted(numbers)
                assert len(numbers) == 400


@contextmanager
def whole_readings() -> Iterator[list[str]]:
    """The names of the files that were read as a whole."""
    names: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        original = reader.read_text

        def read_text(*arguments: Any) -> Any:
            names.append(arguments[1].name)
            return original(*arguments)

        patch.setattr("retail_assets.landing.intake.read_text", read_text)
        yield names


@pytest.mark.parametrize("damage", ['"', ",", "\n", '"two\nlines"', '"open\nquote'])
@pytest.mark.parametrize("at", [2, 101, 102, 450, 601])
def test_only_the_slice_of_a_line_that_is_no_record_is_read_with_care(damage: str, at: int) -> None:
    lines = month(6, 100).decode().splitlines(keepends=True)
    lines[at - 1] = lines[at - 1].replace(",c,", f",{damage},")
    content = "".join(lines).encode()
    with whole_readings() as whole, small_slices(2000, 512) as seen, platform_of(events_csv=content) as platform:
        sliced, names = found_in(platform, "events.csv"), list(whole)
    with whole_readings() as whole, unsliced(), platform_of(events_csv=content) as platform:
        assert sliced == found_in(platform, "events.csv")

    assert len(seen) > 5
    assert names == (["events.csv"] if at == 102 else [])  # a slice begins there
    assert whole == ["events.csv"]


@settings(max_examples=30, deadline=None)
@given(
    text=texts,
    damage=st.lists(
        st.tuples(st.floats(0.05, 1), st.sampled_from((b'"', b",", b"\n", b"\r", b'""', b'\n"'))), max_size=4
    ),
    smallest=st.sampled_from((200, 1000)),
)
def test_a_damaged_text_holds_the_same_in_slices_and_as_a_whole(text: Text, damage: list[Any], smallest: int) -> None:
    content = text.content
    for share, letters in damage:
        at = int(share * len(content))
        content = content[:at] + letters + content[at:]
    with small_slices(smallest, 512), platform_of(events_csv=content) as platform:
        sliced, entry = found_in(platform, "events.csv"), platform.landing.files()["events.csv"]
    with unsliced(), platform_of(events_csv=content) as platform:
        assert sliced == found_in(platform, "events.csv")
        assert entry._replace(mtime_ns=0, sizes={}) == platform.landing.files()["events.csv"]._replace(
            mtime_ns=0, sizes={}
        )


def test_a_text_whose_slices_depend_on_each_other_is_read_as_a_whole() -> None:
    """Every record takes two lines, so that slices may begin within one."""
    content = month(6, 100).replace(b",c,", b',"two\nlines",')
    with whole_readings() as whole, small_slices(500, 130), platform_of(events_csv=content) as platform:
        found = found_in(platform, "events.csv")

    assert whole == ["events.csv"]
    assert {day for day, _, _ in found.values()} == {f"2019-10-0{number}" for number in range(1, 7)}
    assert len(found) == 600


@contextmanager
def unsliced() -> Iterator[None]:
    """Nothing is read in slices."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retail_assets.landing.sliced_reader.SlicedReader._begin", lambda *_: None)
        yield


def test_files_that_are_read_at_once_are_settled_in_order() -> None:
    texts = {f"part{number}_csv": month(2, 50 + number) for number in range(6)} | {"part9_csv": month(2, 53)}
    with small_slices(1000, 512), platform_of(**texts) as platform:
        files = platform.landing.files()

        assert [files[f"part{number}.csv"].rows for number in range(6)] == [2 * (50 + number) for number in range(6)]
        assert files["part9.csv"].state == "duplicate"
        assert files["part9.csv"].detail == "the same bytes as part3.csv"
        assert not list(platform.landing.storage.parts.glob(".reading-*"))


near_misses = st.builds(
    lambda line, at, letter: line[:at] + bytes([letter]) + line[at + 1 :],
    st.sampled_from((b"2019-10-01 23:59:59 UTC,view", b"2019-02-29 00:00:00 UTC,", b"2019-10-01 09:05:07 UTC,x")),
    st.integers(0, 23),
    st.one_of(st.integers(0, 255), st.sampled_from(b"0123456789:- ")),
)


@settings(max_examples=400, deadline=None)
@given(lines=st.lists(near_misses, min_size=1, max_size=20))
def test_what_is_vouched_for_is_what_the_pattern_says(lines: list[bytes]) -> None:
    lines = [line.replace(b"\n", b"?") for line in lines]
    text = b"\n".join(lines) + b"\n"
    starts = np.array([0, *(found.end() for found in re.finditer(b"\n", text))][:-1])

    fits = vouched(text, starts, "2019-10-01")

    assert fits.tolist() == [(first_day(line) or (0, ""))[1] == "2019-10-01" for line in lines]


def test_a_time_that_is_vouched_for_is_one_of_that_day_by_the_macros_too() -> None:
    hours, minutes, seconds = ("00", "09", "19", "23", "24", "3a"), ("00", "59", "60"), ("00", "59", "60", ":0")
    clocks = [":".join(parts) for parts in product(hours, minutes, seconds)]
    lines = [f"{day} {clock} UTC," for day in ("2019-10-01", "2019-02-29") for clock in clocks]
    with session(Settings(threads=1, memory_limit_mb=256)) as connection:
        connection.execute("SET VARIABLE source_timezone = 'UTC'; SET VARIABLE event_time_format = 'iso'")
        for line in lines:
            (day,) = connection.execute(f"SELECT event_moment('{line[:-1]}')::DATE::VARCHAR").fetchone() or ("",)
            if told := first_day(line.encode()):
                assert told == (0, day)


def test_the_oracle_reads_as_the_csv_module_does() -> None:
    """Guards the tests above: their texts are what they say."""
    text = Text([(0, [("plain", 5, '"a,b"'), ("old", 6, "samsung")])], "\r\n", True, 1)
    rows = list(csv.reader(text.content.decode().splitlines()))
    assert [len(row) for row in rows if row] == [9, 9, 9]
    assert text.expected == {2: ("2019-10-01", None, "2"), 3: (None, "too_old", None)}
