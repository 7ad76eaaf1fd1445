"""Charts as SVG for a page that must do without scripts and network. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby

from retail_assets.questions.numbers import day

WIDE, NARROW = 720, 360
"""Widths for a desktop and for a phone: one drawing for both would have letters of half the size on the phone."""
HEIGHT = 210
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 12, 44
TICKS = 4
PIXELS_PER_DATE = 80


@dataclass(frozen=True)
class Point:
    """A value on a date; None where the date is missing."""

    date: date
    value: float | None


def sparkline(values: Sequence[float | None]) -> str:
    """A line without axes, for a place beside its number."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    step = 100 / (len(values) - 1)
    places = [
        (number * step, 26 - 24 * ((value - low) / (high - low or 1)))
        for number, value in enumerate(values)
        if value is not None
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return (
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{line}"/></svg>'
    )


def line_charts(
    points: Sequence[Point],
    title: str,
    look: Callable[[float], str],
    shaded: Sequence[date] = (),
    expected: Sequence[Point] = (),
) -> str:
    """A line over the dates from 0 up, broken where a date is missing, with ``shaded`` dates behind it.

    What is ``expected`` on the days after it is dashed. Once for wide pages and once for narrow ones; the style sheet
    shows the one that fits.
    """
    return "".join(_line_chart(points, title, look, shaded, expected, width) for width in (WIDE, NARROW))


def _line_chart(
    points: Sequence[Point],
    title: str,
    look: Callable[[float], str],
    shaded: Sequence[date],
    expected: Sequence[Point],
    page_width: int,
) -> str:
    every = [*points, *expected]
    top = nice_top(max((point.value or 0 for point in every), default=0))
    width, height = page_width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = width / max(len(every) - 1, 1)
    across = {point.date: LEFT + number * step for number, point in enumerate(every)}

    def up(value: float) -> float:
        return TOP + height * (1 - value / top)

    bands = "".join(
        f'<rect class="holiday" x="{across[item] - step / 2:.1f}" y="{TOP}" width="{step:.1f}" height="{height}"/>'
        for item in shaded
        if item in across
    )
    lines = "".join(
        f'<polyline class="{kind}" points="{" ".join(f"{across[p.date]:.1f},{up(p.value or 0):.1f}" for p in part)}"/>'
        for kind, drawn in (("line", points), ("line expected", expected))
        for part in _unbroken(drawn)
    )
    dots = "".join(
        f'<circle class="dot" cx="{across[p.date]:.1f}" cy="{up(p.value):.1f}" r="3">'
        f"<title>{day(p.date)}: {escape(look(p.value))}</title></circle>"
        for p in every
        if p.value is not None
    )
    body = bands + _grid(top, up, look, page_width) + lines + dots + _dates(every, across, page_width)
    names = (
        f'<text class="name" transform="translate(13 {TOP + height / 2}) rotate(-90)">{escape(title)}</text>'
        f'<text class="name" x="{LEFT + width / 2}" y="{HEIGHT - 6}">date (UTC)</text>'
    )
    return (
        f'<svg class="chart {"wide" if page_width == WIDE else "narrow"}" viewBox="0 0 {page_width} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">{body}{names}</svg>'
    )


def bar(share: float, *, is_less: bool = False) -> str:
    """A bar in a table's cell, as long as the share of the longest."""
    kind = "bar less" if is_less else "bar"
    return f'<span class="{kind}" style="width:{max(0.0, min(1.0, share)):.1%}"></span>'


def nice_top(value: float) -> float:
    """The end of an axis from 0: the least of 1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10 times a power of ten above it."""
    if value <= 0:
        return 1
    power: float = 10 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if power * step >= value)


def _unbroken(points: Sequence[Point]) -> Iterator[list[Point]]:
    for is_known, part in groupby(points, lambda point: point.value is not None):
        if is_known:
            yield list(part)


def _grid(top: float, up: Callable[[float], float], look: Callable[[float], str], page_width: int) -> str:
    found = []
    for number in range(TICKS + 1):
        value = top * number / TICKS
        y = up(value)
        found.append(
            f'<line class="grid" x1="{LEFT}" x2="{page_width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{escape(look(value))}</text>'
        )
    return "".join(found)


def _dates(points: Sequence[Point], across: dict[date, float], page_width: int) -> str:
    every = max(1, math.ceil(len(points) * PIXELS_PER_DATE / page_width))
    return "".join(
        f'<text class="tick" x="{across[p.date]:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
        f"{p.date.day} {p.date:%b}</text>"
        for p in points[::every]
    )
