"""D09 to D11: files in another encoding or dialect."""

from __future__ import annotations

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
    deliver_text,
    entry_of,
    line,
    platform_with,
    quarantine,
)
from retail_assets_tests.building import csv_text, event, land, rows


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


def test_quoted_lines_keep_their_number(platform: Platform) -> None:
    land(platform, "day.csv", f"{HEADER}\n{line()}\n{line(brand=chr(34) + 'a' + chr(34))}\n{line(price='0')}\n")

    build_events(platform)

    assert [item.source_row for item in quarantine(platform)] == [4]
