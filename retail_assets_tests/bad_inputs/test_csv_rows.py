"""D12 to D17: quotes, fields too many and too few, headers in the middle, control characters."""

from __future__ import annotations

import pytest

from retail_assets.assets.platform import Platform
from retail_assets_tests.bad_inputs.verdicts import (
    HEADER,
    assert_blocked,
    build_events,
    clean,
    csv_forms,
    deliver,
    deliver_text,
    every_form,
    line,
    quarantine,
    warnings,
)
from retail_assets_tests.building import event, rows

GOOD = [line(user_id=str(n)) for n in range(100, 121)]


def text_with(*lines: str, newline: str = "\n") -> str:
    """A file of these lines, each between good ones: the first stands in line 3."""
    placed = [GOOD[0]]
    for number, text in enumerate(lines, start=1):
        placed += [text, GOOD[number]]
    placed += GOOD[len(lines) + 1 :]
    return newline.join([HEADER, *placed]) + newline


def found(platform: Platform) -> list[tuple[str, int, str]]:
    """What landing rejected: reason, line and its text."""
    return [(item.reason, item.source_row, item.received["line"]) for item in quarantine(platform)]


def good_users(platform: Platform) -> list[str]:
    """The users of the clean events, those of the good lines first."""
    return [row["user_id"] for row in clean(platform)]


@csv_forms
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_d12_quoted_fields_keep_their_exact_value(platform: Platform, form: str, newline: str) -> None:
    values = ("a,b", 'the ""best""', "two\nlines", "two\r\nlines", '""', ",,,,,,,,,,", " padded ", "")
    quoted = [line(user_session=f'"{value}"', user_id=str(n)) for n, value in enumerate(values)]
    deliver_text(platform, form, text_with(*quoted, newline=newline))

    build_events(platform)

    sql = "SELECT user_session AS s FROM raw_events WHERE length(user_id) = 1 ORDER BY user_id"
    received = [row["s"] for row in rows(platform, sql, "raw_events")]
    assert received == [value.replace('""', '"') or None for value in values]
    assert len(clean(platform)) == len(values) + len(GOOD)
    assert quarantine(platform) == []


@csv_forms
def test_d12_line_numbers_count_the_lines_within_quotes(platform: Platform, form: str) -> None:
    deliver_text(platform, form, text_with(line(brand='"a\nb\nc"'), line(event_time="bad")))

    build_events(platform)

    assert [item.source_row for item in quarantine(platform)] == [7]
    (row,) = rows(platform, "SELECT source_row AS n FROM raw_events WHERE contains(brand, 'b')", "raw_events")
    assert row["n"] == 3


@csv_forms
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_d13_too_many_fields_are_rejected_once(platform: Platform, form: str, newline: str) -> None:
    many = (line() + ",x", line() + ",x,y,z", line() + ",", line(brand='"a,b"') + ",")
    deliver_text(platform, form, text_with(*many, newline=newline))

    build_events(platform)

    assert found(platform) == [("too_many_columns", 3 + 2 * n, text) for n, text in enumerate(many)]
    assert good_users(platform) == [text.split(",")[7] for text in GOOD]


@csv_forms
def test_d14_too_few_fields_are_rejected(platform: Platform, form: str) -> None:
    few = ("2019-10-01 00:00:00 UTC,view", "x", line().rsplit(",", 1)[0], '"only, one"')
    deliver_text(platform, form, text_with(*few))

    build_events(platform)

    assert found(platform) == [("too_few_columns", 3 + 2 * n, text) for n, text in enumerate(few)]
    assert good_users(platform) == [text.split(",")[7] for text in GOOD]


@csv_forms
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_d15_an_unterminated_quote_costs_its_own_line_only(platform: Platform, form: str, newline: str) -> None:
    broken = (line(brand='"samsung'), line(user_session='"'), line(event_time='"2019-10-01 00:00:00 UTC'))
    deliver_text(platform, form, text_with(*broken, newline=newline))

    build_events(platform)

    assert found(platform) == [("unterminated_quote", 3 + 2 * n, text) for n, text in enumerate(broken)]
    assert good_users(platform) == [text.split(",")[7] for text in GOOD]


@csv_forms
def test_d15_an_unterminated_quote_in_the_last_line(platform: Platform, form: str) -> None:
    broken = line(brand='"samsung')
    deliver_text(platform, form, text_with() + broken)

    build_events(platform)

    assert found(platform) == [("unterminated_quote", len(GOOD) + 2, broken)]
    assert len(clean(platform)) == len(GOOD)


@csv_forms
def test_d15_quotes_that_seem_to_match_across_lines_swallow_nothing(platform: Platform, form: str) -> None:
    first, second = line(user_session='"a'), line(event_time='2019-10-01 00:00:00 UTC"')
    deliver_text(platform, form, text_with(first, second))

    build_events(platform)

    assert [(item.reason, item.source_row) for item in quarantine(platform)] == [
        ("unterminated_quote", 3), ("bad_event_time", 5),
    ]  # fmt: skip
    assert good_users(platform) == [text.split(",")[7] for text in GOOD]


@csv_forms
def test_d15_a_field_that_goes_on_after_its_quote_is_rejected(platform: Platform, form: str) -> None:
    broken = line(brand='"the "best" phone"')
    deliver_text(platform, form, text_with(broken, line(brand='5" disk', user_id="5")))

    build_events(platform)

    assert found(platform) == [("bad_quotes", 3, broken)]
    assert [row["brand"] for row in clean(platform) if row["user_id"] == "5"] == ['5" disk']


@every_form
def test_d16_a_repeated_header_is_rejected(platform: Platform, form: str) -> None:
    header = {name: name for name in event()}
    odd = {name: f" {name.upper()} " for name in event()}
    name = deliver(platform, form, [event(), header, event(user_id="2"), odd])

    build_events(platform)

    start = 1 if form == "parquet" else 2
    assert [(item.reason, item.source_file, item.source_row) for item in quarantine(platform)] == [
        ("header_row", name, start + 1), ("header_row", name, start + 3),
    ]  # fmt: skip
    assert len(clean(platform)) == 2


@every_form
def test_d17_control_characters_are_cleaned_and_counted(platform: Platform, form: str) -> None:
    dirty = ("sam\0sung", "\x01samsung", "samsung\x7f", "sam\u0085sung", "sam\x1b[0msung")
    clean_one = "é \u00a0 ü"
    events = [event(brand=text, user_id=str(n)) for n, text in enumerate((*dirty, clean_one))]
    name = deliver(platform, form, events)

    made = build_events(platform)

    brands = [row["brand"] for row in clean(platform)]
    assert brands == ["samsung", "samsung", "samsung", "samsung", "sam[0msung", clean_one]
    assert warnings(made)["delivery"] == f"{name}: control_characters: taken out of {len(dirty)} rows"


@csv_forms
def test_d17_a_return_within_a_line_is_cleaned_and_an_end_of_file_mark_is_no_row(platform: Platform, form: str) -> None:
    deliver_text(platform, form, text_with(line(brand="sam\rsung", user_id="7")) + "\x1a")

    build_events(platform)

    assert [row["brand"] for row in clean(platform) if row["user_id"] == "7"] == ["samsung"]
    assert (len(clean(platform)), quarantine(platform)) == (len(GOOD) + 1, [])


@csv_forms
def test_many_kinds_of_damage_in_one_file_are_told_apart(platform: Platform, form: str) -> None:
    damaged = {
        line() + ",x": "too_many_columns",
        "a,b": "too_few_columns",
        line(brand='"x'): "unterminated_quote",
        line(brand='"x"y'): "bad_quotes",
    }
    bad_time, bad_price = line(event_time="never"), line(price="free")
    deliver_text(platform, form, text_with(*damaged, bad_time, bad_price))

    build_events(platform)

    assert [item.reason for item in quarantine(platform)] == [*damaged.values(), "bad_event_time", "invalid_price"]
    assert [item.source_row for item in quarantine(platform)] == [3, 5, 7, 9, 11, 13]
    assert len(clean(platform)) == len(GOOD)


@pytest.mark.parametrize("size", [3_000_000, 9_000_000])
def test_a_line_longer_than_any_record_blocks_the_file(platform: Platform, size: int) -> None:
    name = deliver_text(platform, "csv", text_with("a,b", "x" * size))

    assert_blocked(platform, name, "line_too_long", "line 5 ")
