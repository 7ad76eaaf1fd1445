"""D01 to D06: files that are cut off, damaged, misnamed or empty."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.bad_inputs.verdicts import (
    HEADER,
    MANY,
    TEXT,
    assert_blocked,
    build_events,
    clean,
    csv_forms,
    deliver,
    deliver_text,
    entry_of,
    warnings,
)
from retail_assets_tests.building import csv_text, event, land

PACKED = gzip.compress(TEXT.encode(), mtime=0)
TRAILER = 8


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_blocked_until_it_may(platform: Platform) -> None:
    path: Path = land(platform, "day.csv", [event()])
    path.chmod(0)
    assert_blocked(platform, "day.csv", "unreadable_file", "permissions")

    path.chmod(0o600)
    platform.landing.take_in()

    assert entry_of(platform, "day.csv").state == "landed"
