"""Cron expressions: five fields that some minute of the calendar fulfils."""

from __future__ import annotations

import calendar
import re

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Minute, hour, day of the month, month and day of the week, whose 0 and 7 are Sunday."""
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")


def is_cron(expression: str) -> bool:
    """Whether it is one: numbers, lists, ranges, steps and English names of months and days; no seconds, no macros."""
    fields = expression.split()
    if len(fields) != len(RANGES):
        return False
    names: tuple[dict[str, int], ...] = ({}, {}, {}, MONTHS, DAYS)
    known = zip(fields, RANGES, names, strict=True)
    chosen = [_chosen(field.lower(), *within, own) for field, within, own in known]
    _, _, days, months, _ = chosen
    return all(chosen) and any(min(days) <= LONGEST_MONTHS[month - 1] for month in months)


def _chosen(field: str, least: int, most: int, names: dict[str, int]) -> set[int]:
    """What a field stands for; nothing where it is none."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if not match or (match["step"] and match["first"] and not match["last"]):
            return set()
        first, last = (_number(match[name], other, names) for name, other in (("first", least), ("last", most)))
        if match["first"] and not match["last"]:
            last = first
        step = int(match["step"] or 1)
        if not least <= first <= last <= most or not 1 <= step <= most:
            return set()
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str | None, other: int, names: dict[str, int]) -> int:
    """A number or a name as a number; of what is neither, one that is in no range."""
    if text is None:
        return other
    return int(text) if text.isdecimal() and text.isascii() else names.get(text, -1)
