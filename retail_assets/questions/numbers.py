"""Numbers as people read them."""

from __future__ import annotations

from datetime import date

UNITS = ((1e9, "bn"), (1e6, "M"), (1e4, "k"))
BYTES = ("B", "kB", "MB", "GB", "TB")
NOTHING = "–"


def compact(value: float | None) -> str:
    """A count or an amount in four digits or so: 9,876, 12.3 k, 1.2 M."""
    if value is None:
        return NOTHING
    for size, unit in UNITS:
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):,.1f}".removesuffix(".0") + f" {unit}"
    return f"{value:,.0f}"


def human_bytes(count: float) -> str:
    """A size with a unit: 1.2 MB."""
    for unit in BYTES:
        if count < 1000 or unit == BYTES[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return NOTHING if value is None else f"{value:.{digits}%}"


def change(now: float | None, before: float | None) -> str | None:
    """By how much a number differs from an earlier one, or None where that says nothing."""
    return f"{now / before - 1:+.1%}" if now is not None and before else None


def day(value: date) -> str:
    """A date: 8 Dec 2019."""
    return f"{value.day} {value:%b %Y}"


def days(first: date, last: date) -> str:
    """A range of dates."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"
