"""Whatever happens to a file, every line of it is a row with its exact values, in quarantine, or blocked with it."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.bad_inputs.verdicts import Rejected, assert_books_balance, quarantine
from retail_assets_tests.building import COLUMNS, books, build, land
from retail_assets_tests.building import rows as query
from retail_assets_tests.landing import damage
from retail_assets_tests.landing.damage import Layout, Record, Values, fields_of, packed, parquet, replaced, text_of
from retail_assets_tests.oracles.clickstream import Oracle, ReceivedFile
from retail_assets_tests.oracles.comparison import assert_same, clean_events
from retail_assets_tests.oracles.verdicts import Rules

DAYS = ("2019-10-01", "2019-10-02")
WIDTH = len(COLUMNS)
Place = tuple[str, int]
"""A file and a line or row of it."""


@dataclass(frozen=True)
class Delivered:
    """A file as it was delivered, and what it is known to hold by line or row."""

    name: str
    content: bytes
    placed: dict[int, Record]


@contextmanager
def new_platform() -> Iterator[Platform]:
    with TemporaryDirectory() as folder:
        yield Platform.local(
            Settings(data_dir=Path(folder) / "data", threads=2, memory_limit_mb=512, max_rejected_share=1)
        )


@st.composite
def files(draw: st.DrawFn, number: int, values: list[Values]) -> Delivered:
    """The rows, some of them damaged, as a file of any kind."""
    layout = draw(damage.layouts())
    content = [record for row in values for record in draw(damage.records(layout, row))]
    kind = draw(st.sampled_from(("parquet", *damage.PACKINGS)))
    if kind != "parquet":
        text, placed = text_of(layout, content)
        return Delivered(f"{number}.{kind}", packed(text, kind), placed)
    readable = [record for record in content if record.values]
    codec, group = draw(st.sampled_from(("none", "snappy", "zstd", "gzip"))), draw(st.sampled_from((1, 3, 1000)))
    data = parquet([record.values or () for record in readable], codec, group, is_dictionary=draw(st.booleans()))
    return Delivered(f"{number}.parquet", data, dict(enumerate(readable, start=1)))


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivered]:
    """Known rows, repeated, shuffled and split into up to four files."""
    pool = draw(st.lists(damage.rows(DAYS), min_size=4, max_size=16))
    everything = draw(st.permutations(pool + draw(st.lists(st.sampled_from(pool), max_size=5))))
    cuts = sorted(draw(st.lists(st.sampled_from(range(len(everything) + 1)), max_size=3)))
    parts = [everything[start:end] for start, end in zip([0, *cuts], [*cuts, len(everything)], strict=True)]
    return [draw(files(number, list(part))) for number, part in enumerate(parts)]


@example_settings(max_examples=20)
@given(delivered=deliveries(), cut=st.sampled_from(range(1, 40)))
def test_every_row_of_any_file_is_where_it_belongs(delivered: list[Delivered], cut: int) -> None:
    with new_platform() as platform:
        for file in delivered:
            land(platform, file.name, file.content)
        land(platform, "copy of it.csv", delivered[0].content)
        land(platform, "cut.csv.gz", gzip.compress(delivered[0].content)[:-cut])

        build(platform, "raw_events", "clean_events")

        held = {file.content: file for file in reversed(delivered)}.values()  # of equal ones the first
        states = {name: entry.state for name, entry in platform.landing.files().items()}
        names = {file.name for file in held}
        assert states == {
            **{file.name: "landed" if file.name in names else "duplicate" for file in delivered},
            "copy of it.csv": "duplicate",
            "cut.csv.gz": "blocked",
        }
        known = {(file.name, line): record for file in held for line, record in file.placed.items()}
        assert received(platform) == {place: known[place].values for place in known if not known[place].reason}
        assert rejected_at_landing(platform) == {place: told(known[place]) for place in known if known[place].reason}
        assert_cleaned(platform, [record for record in known.values() if not record.reason])


def received(platform: Platform) -> dict[Place, Values]:
    """The rows of raw events, each at a place of its own."""
    if not platform.landing.dates():
        return {}
    found = query(platform, f"SELECT source_file, source_row, {', '.join(COLUMNS)} FROM raw_events", "raw_events")
    placed = {(row.pop("source_file"), row.pop("source_row")): tuple(row.values()) for row in found}
    assert len(placed) == len(found)
    return placed


def rejected_at_landing(platform: Platform) -> dict[Place, tuple[str, str | Values]]:
    """Reason and text, or values, of what landing rejected, each at a place of its own."""
    found = [item for item in quarantine(platform) if item.stage == "landing"]
    placed = {(item.source_file, item.source_row): (item.reason, contents(item)) for item in found}
    assert len(placed) == len(found)
    return placed


def contents(item: Rejected) -> str | Values:
    return item.received["line"] if "line" in item.received else tuple(item.received[name] for name in COLUMNS)


def told(record: Record) -> tuple[str, str | Values]:
    """What the quarantine says of a damaged record."""
    return record.reason, record.values or record.text


def assert_cleaned(platform: Platform, good: list[Record]) -> None:
    """Clean events are what the oracle makes of the rows that survived, and the books count them all."""
    values = [record.values for record in good if record.values]
    rows = tuple(dict(zip(COLUMNS, row, strict=True)) for row in values)
    oracle = Oracle((ReceivedFile("all.csv", rows),), Rules(as_of=datetime(2020, 1, 1)))
    if rows:
        assert_same("clean_events", oracle.clean_events, clean_events(platform.settings.lake_dir))
    counted = sum((Counter(books(platform, day)) for day in platform.landing.dates()), Counter[str]())
    assert counted["received"] == len(values) == counted.total() - counted["received"]
    assert_books_balance(platform)


SPLICES = (b'"', b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b'",', b',"', b'""', b" ", b"\n\n", b"x")


@st.composite
def mangled(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes after one to three accidents."""
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        places = st.sampled_from(range(len(content) + 1))
        start, end = sorted((draw(places), draw(places)))
        kind = draw(st.sampled_from(("cut", "insert", "insert", "overwrite", "drop", "repeat", "flip", "move")))
        splice = draw(st.sampled_from(SPLICES))
        head, found, tail = content[start:end].rpartition(draw(st.sampled_from((b",", b"\n", b'"'))))
        content = {
            "cut": content[:end],
            "insert": content[:end] + splice + content[end:],
            "overwrite": content[:end] + splice + content[end + len(splice) :],
            "drop": content[:start] + content[end:],
            "repeat": content[:end] + content[start:],
            "move": content[:start] + found + head + tail + content[end:],
            "flip": content[:start] + bytes(byte ^ 4 for byte in content[start : start + 1]) + content[start + 1 :],
        }[kind]
    return content


@st.composite
def accidents(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """The header and the mangled rest of a text."""
    quotes_all, newlines = draw(st.booleans()), damage.NEWLINES[draw(st.sampled_from(sorted(damage.NEWLINES)))]
    layout = Layout(newlines=newlines, quotes_all=quotes_all)
    brands = draw(st.sampled_from((damage.BRANDS, damage.BRANDS[:5])))  # the latter take no quotes, as most files
    rows = draw(st.lists(damage.rows(DAYS, brands), min_size=2, max_size=12))
    content = [Record(layout.line(replaced(row, user_id=str(number)))) for number, row in enumerate(rows)]
    header, _, rest = text_of(layout, content)[0].encode().partition(b"\n")
    return header + b"\n", draw(mangled(rest))


@example_settings(max_examples=30)
@given(texts=st.lists(accidents(), min_size=4, max_size=4))
def test_no_line_of_a_mangled_text_is_lost_or_invented(texts: list[tuple[bytes, bytes]]) -> None:
    with new_platform() as platform:
        contents = {f"{number}.csv": header + rest for number, (header, rest) in enumerate(texts)}
        for name, content in contents.items():
            land(platform, name, content)

        build(platform, "raw_events")

        for name in first_of_equals(contents):
            assert_accounted_for(platform, name, contents[name])
        assert_books_balance(platform)


@example_settings(max_examples=20)
@given(texts=st.lists(accidents(), min_size=3, max_size=3), data=st.data())
def test_a_mangled_gzip_is_blocked_unless_all_of_it_can_be_read(
    texts: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    originals = [gzip.compress(header + rest, mtime=0) for header, rest in texts]
    contents = {f"{n}.csv.gz": data.draw(mangled(content)) for n, content in enumerate(originals)}
    with new_platform() as platform:
        for name, content in contents.items():
            land(platform, name, content)

        build(platform, "raw_events")

        for name in first_of_equals(contents):
            if (text := unpacked(contents[name])) is None:
                assert platform.landing.files()[name].state == "blocked"
                assert platform.landing.files()[name].rows == 0
            else:
                assert_accounted_for(platform, name, text)


@example_settings(max_examples=8)
@given(
    values=st.lists(damage.rows(DAYS), min_size=1, max_size=8),
    codec=st.sampled_from(("none", "snappy", "zstd", "gzip")),
    shares=st.lists(st.floats(0, 1, exclude_max=True), min_size=6, max_size=6),
)
def test_a_parquet_file_that_was_cut_anywhere_is_blocked(values: list[Values], codec: str, shares: list[float]) -> None:
    content = parquet(values, codec, 3, is_dictionary=False)
    with new_platform() as platform:
        for number, share in enumerate(shares):
            land(platform, f"{number}.parquet", content[: int(share * len(content))])

        taken = platform.landing.take_in()

        assert [(entry.state, entry.code, entry.rows) for entry in taken] == [("blocked", "corrupt_parquet", 0)] * 6


def first_of_equals(contents: dict[str, bytes]) -> list[str]:
    """The names without those of repeats, which landing ignores."""
    return sorted({content: name for name, content in reversed(contents.items())}.values())


def unpacked(content: bytes) -> bytes | None:
    """What is in a gzip stream; None where it is damaged."""
    try:
        return gzip.decompress(content) or None
    except (OSError, EOFError, zlib.error):
        return None


def assert_accounted_for(platform: Platform, name: str, content: bytes) -> None:
    """Every line of the text stands in exactly one row, raw or rejected, with the values that it says there."""
    entry = platform.landing.files()[name]
    if entry.state == "blocked":
        assert not is_utf8(content)
        assert (entry.code, entry.rows) == ("encoding", 0)
        return
    lines = content.decode().split("\n")
    rows: dict[int, str | Values] = {line: row for (file, line), row in received(platform).items() if file == name}
    rejected = {line: told for (file, line), (_, told) in rejected_at_landing(platform).items() if file == name}
    assert not rows.keys() & rejected.keys()
    covered = Counter[int]()
    for line, row in {**rows, **rejected}.items():
        last = line + (row if isinstance(row, str) else "".join(map(str, row))).count("\n")
        covered.update(range(line, last + 1))
        text = "\n".join(lines[line - 1 : last])
        assert squeezed([row]) == squeezed([text]) if isinstance(row, str) else says(row, text)
    assert set(covered.values()) <= {1}
    blank = {number for number, line in enumerate(lines, start=1) if not line.strip(BLANK)}
    assert set(range(2, len(lines) + 1)) - blank <= covered.keys() <= set(range(2, len(lines) + 1))
    whole = {n for n, line in enumerate(lines, start=1) if '"' not in line and line.count(",") == WIDTH - 1 and n > 1}
    assert whole <= rows.keys() | {line for line, told in rejected.items() if not isinstance(told, str)}


BLANK = "".join(map(chr, (*range(33), 127)))


def is_utf8(content: bytes) -> bool:
    try:
        return bool(content.decode())
    except UnicodeDecodeError:
        return False


def says(row: Values, text: str) -> bool:
    """Whether the text, read as one record, has these values."""
    return squeezed([value or "" for value in row]) == squeezed(fields_of(text.replace("\r", "")))


def squeezed(fields: list[str]) -> list[str]:
    """Fields without what reading may take away: control characters, and spaces and quotes around quoted text."""
    return ["".join(char for char in field if char.isprintable() and char not in ' "') for field in fields]
