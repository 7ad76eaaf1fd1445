"""D01 to D11: files that are cut off, damaged, misnamed, unfinished, repeated, or in another encoding or dialect."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.landing import intake
from retail_assets.landing.gate import inspect_file
from retail_assets_tests.bad_inputs.verdicts import (
    HEADER,
    assert_blocked,
    build_events,
    clean,
    csv_forms,
    deliver,
    deliver_text,
    entry_of,
    every_form,
    line,
    platform_with,
    quarantine,
    warnings,
)
from retail_assets_tests.building import books, build, csv_text, event, land, rows

MANY = [event(user_id=str(n), user_session=None) for n in range(2_000)]
TEXT = csv_text(MANY)
PACKED = gzip.compress(TEXT.encode(), mtime=0)
TRAILER = 8


def files_of(platform: Platform) -> list[str]:
    """The files that raw events come from."""
    found = rows(platform, "SELECT DISTINCT source_file AS name FROM raw_events ORDER BY 1", "raw_events")
    return [row["name"] for row in found]


def row_boundary() -> bytes:
    """A stream that is cut where a row ends, as an interrupted writer leaves it: DuckDB alone would not notice."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress("\n".join(TEXT.split("\n")[:1_000]).encode() + b"\n") + packer.flush(zlib.Z_FULL_FLUSH)


@pytest.mark.parametrize(
    "content",
    [
        PACKED[: len(PACKED) // 2],
        PACKED[: len(PACKED) * 999 // 1000],
        row_boundary(),
        PACKED[:-TRAILER],
        PACKED[:-1],
        PACKED[:5],
    ],
    ids=["half", "99.9 %", "row boundary", "no trailer", "cut trailer", "cut header"],
)
def test_d01_a_truncated_gzip_is_blocked(platform: Platform, content: bytes) -> None:
    land(platform, "day.csv.gz", content)

    assert_blocked(platform, "day.csv.gz", "corrupt_gzip", "ends before", "Deliver it again")


def flipped(content: bytes, position: int) -> bytes:
    """The content with one bit flipped."""
    changed = bytearray(content)
    changed[position] ^= 4
    return bytes(changed)


@pytest.mark.parametrize(
    "content",
    [
        flipped(PACKED, -TRAILER),
        flipped(PACKED, -1),
        flipped(PACKED, len(PACKED) // 2),
        PACKED + b"surplus",
    ],
    ids=["CRC", "length", "data", "surplus bytes"],
)
def test_d02_a_damaged_gzip_is_blocked(platform: Platform, content: bytes) -> None:
    land(platform, "day.csv.gz", content)

    assert_blocked(platform, "day.csv.gz", "corrupt_gzip", "Deliver it again")


def test_d03_misnamed_files_are_read_as_what_they_are(platform: Platform) -> None:
    land(platform, "plain.csv.gz", [event(user_id="1")])
    land(platform, "packed.csv", gzip.compress(csv_text([event(user_id="2")]).encode()))
    source = platform.settings.landing_dir / deliver(platform, "parquet", [event(user_id="3")])
    source.rename(source.with_name("columns.csv"))

    made = build_events(platform)

    assert [row["user_id"] for row in clean(platform)] == ["1", "2", "3"]
    found = warnings(made)["delivery"]
    assert "plain.csv.gz: misnamed: it is plain text" in found
    assert "packed.csv: misnamed: it is gzip" in found
    assert "columns.csv: misnamed: it is Parquet" in found


def test_d04_all_members_of_a_gzip_are_read(platform: Platform) -> None:
    pieces = [TEXT[:1000], TEXT[1000:50_000], "", TEXT[50_000:]]
    land(platform, "day.csv.gz", b"".join(gzip.compress(piece.encode()) for piece in pieces) + b"\0" * 512)

    build_events(platform)

    assert len(clean(platform)) == len(MANY)


@pytest.mark.parametrize(
    ("name", "content"),
    [("day.csv", b""), ("day.csv.gz", b""), ("day.csv.gz", gzip.compress(b"")), ("day.csv", b"\xef\xbb\xbf")],
    ids=["csv", "csv.gz", "empty gzip", "only a byte-order mark"],
)
def test_d05_an_empty_file_is_blocked(platform: Platform, name: str, content: bytes) -> None:
    land(platform, name, content)

    assert_blocked(platform, name, "empty_file", "0 bytes")


@csv_forms
@pytest.mark.parametrize("text", [HEADER, f"{HEADER}\n", f"{HEADER}\r\n", f"{HEADER}\n\n\n"])
def test_d05_a_header_alone_is_a_file_of_no_rows(platform: Platform, form: str, text: str) -> None:
    name = deliver_text(platform, form, text)

    platform.landing.take_in()

    assert (entry_of(platform, name).state, entry_of(platform, name).rows) == ("landed", 0)


def test_d05_a_parquet_file_without_rows_is_a_file_of_no_rows(platform: Platform) -> None:
    name = deliver(platform, "parquet", [])

    platform.landing.take_in()

    assert (entry_of(platform, name).state, entry_of(platform, name).rows) == ("landed", 0)


@pytest.mark.parametrize("cut", [0, 3, 4, 11, 0.5, -1, -4])
def test_d06_a_truncated_parquet_file_is_blocked(platform: Platform, cut: float) -> None:
    path = platform.settings.landing_dir / deliver(platform, "parquet", MANY)
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content)) if isinstance(cut, float) else cut])

    assert_blocked(platform, "day.parquet", "corrupt_parquet", "Deliver it again")


def test_d06_a_damaged_parquet_footer_or_page_is_blocked(platform: Platform) -> None:
    path = platform.settings.landing_dir / deliver(platform, "parquet", MANY)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:footer] + bytes(50) + content[footer + 50 :])
    land(platform, "page.parquet", content[:20] + b"\xff" * 400 + content[420:])

    assert_blocked(platform, "day.parquet", "corrupt_parquet")
    assert entry_of(platform, "page.parquet").code == "corrupt_parquet"


def test_d07_unfinished_files_are_left_alone(platform: Platform) -> None:
    for name in ("day.csv.part", "day.csv.tmp", ".day.csv", "_day.csv", "sub/.hidden/day.csv", "day.csv.gz.filepart"):
        land(platform, name, [event()])

    assert platform.landing.take_in() == []


@every_form
def test_d07_a_file_that_changes_while_it_is_read_is_left_until_it_is_stable(
    platform: Platform, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = platform.settings.landing_dir / deliver(platform, form, [event()])
    content = path.read_bytes()

    def interfere(*arguments: object) -> object:
        inspected = inspect_file(*arguments)  # type: ignore[arg-type]
        path.write_bytes(content + b" ")
        return inspected

    monkeypatch.setattr(intake, "inspect_file", interfere)
    assert platform.landing.take_in() == []
    assert platform.landing.files() == {}

    monkeypatch.undo()
    path.write_bytes(content)
    build_events(platform)

    assert len(clean(platform)) == 1


def test_d07_a_file_that_grows_between_listing_and_reading_is_left(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land(platform, "day.csv", [event()])
    (listed,) = platform.landing.pending()
    path.write_text(csv_text([event(), event(user_id="2")]))
    monkeypatch.setattr("retail_assets.landing.inbox.FolderInbox.arrivals", lambda *_: [listed])

    assert platform.landing.take_in() == []


def test_d07_a_file_settles_first_where_the_settings_say_so(platform: Platform) -> None:
    platform = platform_with(platform, settle_seconds=60)
    path = land(platform, "day.csv", [event()])
    assert platform.landing.take_in() == []

    os.utime(path, (0, path.stat().st_mtime - 61))

    assert [entry.name for entry in platform.landing.take_in()] == ["day.csv"]


@every_form
def test_d08_the_same_bytes_again_are_ignored(platform: Platform, form: str, caplog: pytest.LogCaptureFixture) -> None:
    name = deliver(platform, form, [event()])
    build_events(platform)
    path = platform.settings.landing_dir / name
    copy = f"again.{form}"
    (path.parent / copy).write_bytes(path.read_bytes())
    os.utime(path)

    build_events(platform)

    assert (entry_of(platform, copy).state, entry_of(platform, copy).rows) == ("duplicate", 0)
    assert f"{copy} holds the same bytes as {name}: ignored" in caplog.text
    assert books(platform, "2019-10-01") == {"received": 1, "clean": 1}
    assert platform.landing.pending() == []


@every_form
def test_d08_the_same_name_with_new_bytes_replaces_the_rows(platform: Platform, form: str) -> None:
    deliver(platform, form, [event(), event(event_time="bad"), event(event_time="2019-10-02 00:00:00 UTC")])
    build_events(platform)

    deliver(platform, form, [event(user_id="2", event_time="2019-10-03 00:00:00 UTC")])
    build(platform, "raw_events", "clean_events", dates=["2019-10-01", "2019-10-02", "2019-10-03"])

    assert [(row["user_id"], str(row["date"])) for row in clean(platform)] == [("2", "2019-10-03")]
    assert quarantine(platform) == []


def test_d08_a_duplicate_takes_the_place_of_an_original_that_is_replaced(platform: Platform) -> None:
    land(platform, "a.csv", [event()])
    platform.landing.take_in()
    land(platform, "b.csv", [event()])
    build_events(platform)
    assert files_of(platform) == ["a.csv"]

    land(platform, "a.csv", [event(user_id="2")])
    build_events(platform)

    assert files_of(platform) == ["a.csv", "b.csv"]
    assert len(clean(platform)) == 2


@every_form
def test_a_blocked_file_leaves_what_was_there_before(platform: Platform, form: str) -> None:
    name = deliver(platform, form, [event(), event(event_time="bad")])
    build_events(platform)
    path = platform.settings.landing_dir / name
    path.write_bytes(b"\xff\xfe garbage")

    build_events(platform)

    assert entry_of(platform, name).state == "blocked"
    assert len(clean(platform)) == len(quarantine(platform)) == 1

    deliver(platform, form, [event(user_id="2")])
    build_events(platform)

    assert (entry_of(platform, name).state, entry_of(platform, name).code) == ("landed", "")
    assert [row["user_id"] for row in clean(platform)] == ["2"]


@csv_forms
def test_d09_a_byte_order_mark_is_fine(platform: Platform, form: str) -> None:
    deliver_text(platform, form, b"\xef\xbb\xbf" + csv_text([event(brand="Nestlé")]).encode())

    build_events(platform)

    assert clean(platform)[0]["brand"] == "nestlé"


@csv_forms
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_d09_another_encoding_is_blocked_unless_declared(platform: Platform, form: str, encoding: str) -> None:
    text = csv_text([event(brand="Nestlé")]).encode(encoding)
    name = deliver_text(platform, form, text)

    assert_blocked(platform, name, "encoding", "UTF-8")

    build_events(platform_with(platform, source_encoding=encoding))

    assert "nestlé" in {row["brand"] for row in clean(platform)}


@csv_forms
def test_d09_a_text_that_is_not_what_the_settings_declare_is_blocked(platform: Platform, form: str) -> None:
    platform = platform_with(platform, source_encoding="utf-16")
    name = deliver_text(platform, form, csv_text([event()]) + "x")

    platform.landing.take_in()

    assert (entry_of(platform, name).state, entry_of(platform, name).code) == ("blocked", "encoding")


def test_d09_one_wrong_byte_deep_in_a_file_is_found_with_its_line(platform: Platform) -> None:
    lines = TEXT.encode().split(b"\n")
    lines[1_500] = lines[1_500].replace(b"samsung", b"samsun\xe9")
    land(platform, "day.csv", b"\n".join(lines))

    assert_blocked(platform, "day.csv", "encoding", "line 1501")


NEWLINES = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "mixed": lambda text: "".join(part + ("\r\n" if n % 3 else "\n") for n, part in enumerate(text.split("\n")[:-1])),
    "none at the end": lambda text: text.removesuffix("\n"),
    "CRLF, none at the end": lambda text: text.replace("\n", "\r\n").removesuffix("\r\n"),
    "many at the end": lambda text: text + "\n\n\r\n",
    "blank lines": lambda text: text.replace("\n", "\n\n").replace("\n\n", "\n \n", 1),
}


@csv_forms
@pytest.mark.parametrize("newlines", NEWLINES)
def test_d10_newlines_of_any_kind_give_the_same_rows(platform: Platform, form: str, newlines: str) -> None:
    deliver_text(platform, form, NEWLINES[newlines](TEXT))

    build_events(platform)

    assert [(row["user_id"], row["user_session"]) for row in clean(platform)] == sorted(
        (str(item["user_id"]), item["user_session"]) for item in MANY
    )
    numbers = rows(platform, "SELECT source_row AS n FROM raw_events ORDER BY 1 LIMIT 2", "raw_events")
    step = 2 if newlines == "blank lines" else 1
    assert [row["n"] for row in numbers] == [1 + step, 1 + 2 * step]


@csv_forms
@pytest.mark.parametrize(
    "text",
    [TEXT.replace(",", ";"), TEXT.replace(",", "\t"), TEXT.split("\n", 1)[1], "\n" + TEXT, "no csv at all", "\n"],
    ids=["semicolons", "tabs", "no header", "blank line first", "prose", "one newline"],
)
def test_d11_another_delimiter_or_no_header_is_blocked(platform: Platform, form: str, text: str) -> None:
    name = deliver_text(platform, form, text)

    assert_blocked(platform, name, "header_mismatch", "separated by commas")


def test_an_archive_is_blocked_as_what_it_is(platform: Platform) -> None:
    land(platform, "day.csv", b"PK\x03\x04 and so on")

    assert_blocked(
        platform, "day.csv", "unsupported_format", "zip", "Unpack it and deliver plain CSV, CSV.GZ or Parquet."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_blocked_until_it_may(platform: Platform) -> None:
    path: Path = land(platform, "day.csv", [event()])
    path.chmod(0)
    assert_blocked(platform, "day.csv", "unreadable_file", "permissions")

    path.chmod(0o600)
    platform.landing.take_in()

    assert entry_of(platform, "day.csv").state == "landed"


def test_quoted_lines_keep_their_number(platform: Platform) -> None:
    land(platform, "day.csv", f"{HEADER}\n{line()}\n{line(brand=chr(34) + 'a' + chr(34))}\n{line(price='0')}\n")

    build_events(platform)

    assert [item.source_row for item in quarantine(platform)] == [4]
