"""Macros that take a short way for usual text give what the long way gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.session import session
from retail_assets.settings import Settings

WHITE_SPACE = " \t\n\v\f\r\N{NO-BREAK SPACE}"
SOME_TEXT = st.text(f"{WHITE_SPACE}aZ09._+-eé\N{ZERO WIDTH SPACE}~\x7f", max_size=8)
few_examples = hypothesis_settings(max_examples=30)
"""Each holds many texts, and opens a session."""
TIME = "2019-10-31 23:59:58 UTC"
CHANGES = st.lists(st.tuples(st.integers(0, 18), st.sampled_from("0123456789 -:/Tt.+\t\N{NO-BREAK SPACE}")), max_size=3)


def answers(settings: Settings, expression: str, texts: Sequence[str]) -> list[Any]:
    """What the expression makes of each text."""
    values = ", ".join(f"({number}, {quote_literal(text)})" for number, text in enumerate(texts))
    with session(settings) as connection:
        connection.execute("SET VARIABLE event_time_format = 'iso'; SET VARIABLE source_timezone = 'UTC'")
        sql = f"SELECT {expression} FROM (VALUES {values}) AS given(number, received) ORDER BY number"
        return [row[0] for row in connection.execute(sql).fetchall()]


@few_examples
@given(texts=st.lists(SOME_TEXT, min_size=1, max_size=200))
def test_trimming_takes_white_space_from_the_ends_only(settings: Settings, texts: list[str]) -> None:
    expected = [text.strip(WHITE_SPACE) for text in texts]
    assert answers(settings, "trimmed(received)", texts) == expected
    assert answers(settings, "trimmed_entry(received)", texts) == expected


@few_examples
@given(changes=st.lists(CHANGES, min_size=1, max_size=200))
def test_a_time_that_the_landing_let_pass_is_read_as_the_same_moment(
    settings: Settings, changes: list[list[tuple[int, str]]]
) -> None:
    texts = [_changed(TIME, change) for change in changes]
    judged = answers(settings, "event_moment(received)", texts)
    typed = answers(settings, "judged_moment(received)", texts)
    assert [pair for pair in zip(judged, typed, strict=True) if pair[0] and pair[0] != pair[1]] == []


@pytest.mark.parametrize("text", ["", "null", "NULL", "Null"])
def test_empty_and_null_identify_nothing(settings: Settings, text: str) -> None:
    assert answers(settings, "is_no_identifier(received)", [text, "1004856", "nul", "nulls", "0"]) == [
        True,
        *[False] * 4,
    ]


def _changed(text: str, changes: list[tuple[int, str]]) -> str:
    for place, character in changes:
        text = text[:place] + character + text[place + 1 :]
    return text


NUMERALS = st.text(f"{WHITE_SPACE}0123456789.,eE+-_", max_size=10)


@few_examples
@given(texts=st.lists(st.one_of(NUMERALS, SOME_TEXT), min_size=1, max_size=200))
def test_a_price_is_the_same_whether_or_not_it_is_trimmed_first(settings: Settings, texts: list[str]) -> None:
    trimmed = "CASE WHEN contains(received, '_') THEN NULL ELSE try_cast(trimmed_entry(received) AS DECIMAL(18, 4)) END"
    assert answers(settings, "decimal_price(received)", texts) == answers(settings, trimmed, texts)


@few_examples
@given(texts=st.lists(st.one_of(NUMERALS, SOME_TEXT, st.sampled_from(("", "null", "NULL ", "nuLl"))), min_size=1))
def test_identifiers_that_are_none_or_rounded_are_told_as_in_python(settings: Settings, texts: list[str]) -> None:
    form = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+|[0-9][.,][0-9]+[eE][0-9]+")
    assert answers(settings, "rounded_identifier(received)", texts) == [
        form.fullmatch(text.strip(WHITE_SPACE)) is not None for text in texts
    ]
    assert answers(settings, "is_no_identifier(received)", texts) == [text.lower() in ("", "null") for text in texts]
