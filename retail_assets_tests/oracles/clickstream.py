"""The clickstream in plain Python, written from the documents: what the platform's SQL is held against.

It shares nothing with the platform. It is slow, exact and obvious: every rule of docs and contracts once, row by row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, NamedTuple

from retail_assets_tests.oracles.verdicts import (
    CleanEvent,
    Outcome,
    Row,
    Rules,
    Values,
    at_cleaning,
    at_landing,
    values,
)

KEY_TYPES = ("product_id", "category_code", "brand")
WINDOW = 28


@dataclass(frozen=True)
class ReceivedFile:
    """A CSV file as it was delivered; its rows are numbered by their lines, of which the header is the first."""

    name: str
    rows: tuple[Row, ...]

    @property
    def content(self) -> tuple[Values, ...]:
        """What makes two files the same."""
        return tuple(values(row) for row in self.rows)


class Grain(NamedTuple):
    """The grain of daily_aggregates and features."""

    date: date
    key_type: str
    key_value: str


@dataclass(frozen=True)
class Oracle:
    """Every dataset of the clickstream, computed from the received files.

    ``extra_dates`` are dates that were built though nothing landed for them: empty days, which the dataset has.
    """

    files: tuple[ReceivedFile, ...]
    rules: Rules
    extra_dates: frozenset[date] = frozenset()

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """What became of every received row, at landing and then at cleaning."""
        landed = [at_landing(self.rules, file.name, n, row) for file, n, row in self._received()]
        return [*landed, *at_cleaning(self.rules, landed)]

    @cached_property
    def dates(self) -> set[date]:
        """The dates that every dataset has: those with a landed row, and the empty days that were built."""
        return {item.date for item in self.outcomes if item.stage == "cleaning" and item.date} | self.extra_dates

    @cached_property
    def windows(self) -> dict[tuple[date, int], list[date]]:
        """By date and length, the dates of the calendar window up to that date which the dataset has."""
        return {
            (day, length): [there for n in range(length) if (there := day - timedelta(days=n)) in self.dates]
            for day in self.dates
            for length in (7, WINDOW)
        }

    @cached_property
    def clean_events(self) -> Counter[CleanEvent]:
        """The multiset of clean events."""
        return Counter(item.event for item in self.outcomes if item.stage == "cleaning" and item.event)

    @cached_property
    def rejected_events(self) -> Counter[tuple[str, str, str, int, Values]]:
        """The quarantine: stage, reason, file, row and what was received."""
        kept = {"clean", "excluded", "duplicate"}
        return Counter(
            (item.stage, item.reason, item.source_file, item.source_row, item.received)
            for item in self.outcomes
            if item.reason not in kept
        )

    @cached_property
    def data_quality(self) -> Counter[tuple[date | None, str, str]]:
        """Rows by date, stage and what became of them; every row is also counted as received."""
        books: Counter[tuple[date | None, str, str]] = Counter()
        for item in self.outcomes:
            books[item.date, item.stage, "received"] += 1
            books[item.date, item.stage, item.reason] += 1
        return books

    @cached_property
    def daily_aggregates(self) -> dict[Grain, dict[str, Any]]:
        """The measures of every key with an event on the day; means and rates as exact fractions."""
        groups: defaultdict[Grain, list[tuple[CleanEvent, int]]] = defaultdict(list)
        for event, times in self.clean_events.items():
            for key_type in KEY_TYPES:
                key = event.key(key_type)
                if key is not None:
                    groups[Grain(event.date, key_type, key)].append((event, times))
        return {grain: _measures(events) for grain, events in groups.items()}

    @cached_property
    def features(self) -> dict[Grain, dict[str, Any]]:
        """The daily series of every key, by calendar."""
        rows: dict[Grain, dict[str, Any]] = {}
        for key_type in KEY_TYPES:
            for key, days in self._days_by_key(key_type).items():
                for day in self._feature_dates(days):
                    rows[Grain(day, key_type, key)] = self._feature(days, day)
        return rows

    @cached_property
    def dim_product(self) -> dict[str, dict[str, Any]]:
        """Every product, with category and brand of its latest event; of several at that moment the greatest values."""
        events: defaultdict[str, list[CleanEvent]] = defaultdict(list)
        for event in self.clean_events:
            events[event.product_id].append(event)
        return {product: _product(seen) for product, seen in events.items()}

    def rows_by_reason(self, stage: str = "cleaning") -> Counter[str]:
        """Rows by what became of them, over all dates."""
        found: Counter[str] = Counter()
        for (_, at, reason), rows in self.data_quality.items():
            if at == stage:
                found[reason] += rows
        return found

    def _received(self) -> Iterator[tuple[ReceivedFile, int, Row]]:
        """Every row of every file, by name; the same content again, under any name, is ignored."""
        seen: set[tuple[Values, ...]] = set()
        for file in sorted(self.files, key=lambda file: file.name):
            if file.content in seen:
                continue
            seen.add(file.content)
            yield from ((file, number, row) for number, row in enumerate(file.rows, start=2))

    def _days_by_key(self, key_type: str) -> dict[str, dict[date, dict[str, Any]]]:
        found: defaultdict[str, dict[date, dict[str, Any]]] = defaultdict(dict)
        for grain, measures in self.daily_aggregates.items():
            if grain.key_type == key_type:
                found[grain.key_value][grain.date] = measures
        return found

    def _feature_dates(self, days: Mapping[date, Any]) -> list[date]:
        if self.rules.grid == "observed":
            return list(days)
        return [day for day in self.dates if any(there in days for there in self.windows[day, WINDOW])]

    def _feature(self, days: Mapping[date, dict[str, Any]], day: date) -> dict[str, Any]:
        def before(measure: str, back: int) -> int | None:
            """The value some calendar days before; None where the dataset lacks the date."""
            there = day - timedelta(days=back)
            return days.get(there, QUIET)[measure] if there in self.dates else None

        def mean(length: int) -> Fraction:
            """Mean purchases over the dates of the window that the dataset has."""
            present = self.windows[day, length]
            return Fraction(sum(days.get(there, QUIET)["purchases_t"] for there in present), len(present))

        return {
            **days.get(day, QUIET),
            "purchases_t-1": before("purchases_t", 1),
            "purchases_t-7": before("purchases_t", 7),
            "views_t-1": before("views_t", 1),
            "MA7": mean(7),
            "MA28": mean(28),
            "day_of_week": day.weekday(),
            "is_weekend": day.weekday() in (5, 6),
            "holiday_flag": int(is_holiday(day, self.rules.country)),
            "window_days_present": len(self.windows[day, WINDOW]),
        }


QUIET: dict[str, Any] = {
    "purchases_t": 0,
    "views_t": 0,
    "carts_t": 0,
    "price_mean_t": None,
    "revenue_t": Decimal(0),
    "conv_rate": None,
    "cart_rate": None,
}
"""The measures of a key on a day without an event of it."""


@cache
def is_holiday(day: date, country: str) -> bool:
    """A public holiday of the country, Black Friday, Cyber Monday or Singles' Day."""
    import holidays

    thanksgiving = [date(day.year, 11, n) for n in range(1, 31) if date(day.year, 11, n).weekday() == 3][3]
    retail = {thanksgiving + timedelta(days=1), thanksgiving + timedelta(days=4), date(day.year, 11, 11)}
    return day in retail or day in holidays.country_holidays(country, years=day.year)


def _measures(events: list[tuple[CleanEvent, int]]) -> dict[str, Any]:
    def count(event_type: str) -> int:
        return sum(times for event, times in events if event.event_type == event_type)

    purchases, views, carts = count("purchase"), count("view"), count("cart")
    total = sum((event.price * times for event, times in events), Decimal(0))
    return {
        "purchases_t": purchases,
        "views_t": views,
        "carts_t": carts,
        "price_mean_t": Fraction(total) / (purchases + views + carts),
        "revenue_t": sum((e.price * times for e, times in events if e.event_type == "purchase"), Decimal(0)),
        "conv_rate": Fraction(purchases, views) if views else None,
        "cart_rate": Fraction(carts, views) if views else None,
    }


def _product(seen: list[CleanEvent]) -> dict[str, Any]:
    last = max(event.event_time for event in seen)
    latest = [event for event in seen if event.event_time == last]
    return {
        "category_code": max((event.category_code for event in latest if event.category_code), default=None),
        "brand": max((event.brand for event in latest if event.brand), default=None),
        "first_seen": min(event.event_time for event in seen),
        "last_seen": last,
    }
