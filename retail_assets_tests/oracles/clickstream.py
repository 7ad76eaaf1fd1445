"""The clickstream in plain Python, written from the documents: what the platform's SQL is held against.

It shares nothing with the platform. It is slow, exact and obvious: every rule of docs and contracts once, row by row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code",
    "brand", "price", "user_id", "user_session",
)  # fmt: skip
KEY_TYPES = ("product_id", "category_code", "brand")
WINDOW = 28

Row = Mapping[str, str | None]
"""A received row: the nine columns as text."""
Values = tuple[str | None, ...]
"""The nine received values in the order of COLUMNS."""


@dataclass(frozen=True)
class ReceivedFile:
    """A CSV file as it was delivered; its rows are numbered by their lines, of which the header is the first."""

    name: str
    rows: tuple[Row, ...]

    @property
    def content(self) -> tuple[Values, ...]:
        """What makes two files the same."""
        return tuple(_values(row) for row in self.rows)


@dataclass(frozen=True)
class Rules:
    """The settings that results depend on."""

    as_of: datetime
    start_date: date = date(2016, 1, 1)
    future_tolerance: timedelta = timedelta(minutes=5)
    source_timezone: str = "UTC"
    country: str = "US"
    grid: Literal["active", "observed"] = "active"


class CleanEvent(NamedTuple):
    """A row of clean_events."""

    date: date
    event_time: datetime
    event_type: str
    product_id: str
    category_id: str | None
    category_code: str | None
    brand: str | None
    price: Decimal
    user_id: str
    user_session: str | None

    def key(self, key_type: str) -> str | None:
        """The event's key of a type; None adds to no key of that type."""
        return {"product_id": self.product_id, "category_code": self.category_code, "brand": self.brand}[key_type]


class Outcome(NamedTuple):
    """What became of a received row at one stage: the reason against it, or the event that it is."""

    stage: Literal["landing", "cleaning"]
    reason: str
    date: date | None
    source_file: str
    source_row: int
    received: Values
    event: CleanEvent | None = None


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
        landed = [_at_landing(self.rules, file.name, n, row) for file, n, row in self._received()]
        return [*landed, *_at_cleaning(self.rules, landed)]

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


def moment(text: str | None, source_timezone: str) -> datetime | None:
    """An ISO 8601 time as naive UTC: 'UTC', 'Z' or an offset is obeyed, none means the source's zone."""
    found = _MOMENT.fullmatch((text or "").strip())
    if not found:
        return None
    *parts, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError:
        return None
    if zone is None:
        return local.replace(tzinfo=ZoneInfo(source_timezone)).astimezone(UTC).replace(tzinfo=None)
    return local - _offset(zone)


_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?: ?(UTC|Z|[+-]\d\d(?::?\d\d)?))?", re.ASCII
)


def _offset(zone: str) -> timedelta:
    if zone in ("UTC", "Z"):
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))


def _at_landing(rules: Rules, file: str, number: int, row: Row) -> Outcome:
    at = moment(row.get("event_time"), rules.source_timezone)
    reason = _landing_reason(rules, row, at)
    return Outcome("landing", reason, at.date() if at else None, file, number, _values(row))


def _landing_reason(rules: Rules, row: Row, at: datetime | None) -> str:
    if row.get("event_time") == "event_time" and row.get("event_type") == "event_type":
        return "header_row"
    if at is None:
        return "bad_event_time"
    if at.date() < rules.start_date:
        return "too_old"
    if at > rules.as_of + rules.future_tolerance:
        return "future_event"
    return "clean"


def _at_cleaning(rules: Rules, landed: Iterable[Outcome]) -> Iterator[Outcome]:
    seen: set[Values] = set()
    for item in landed:
        if item.reason != "clean":
            continue
        row = dict(zip(COLUMNS, item.received, strict=True))
        reason = _cleaning_reason(row)
        if reason == "clean" and item.received in seen:
            reason = "duplicate"
        if reason == "clean":
            seen.add(item.received)
            yield item._replace(stage="cleaning", event=_clean_event(rules, row))
        else:
            yield item._replace(stage="cleaning", reason=reason)


def _cleaning_reason(row: Row) -> str:
    event_type = (row["event_type"] or "").strip().lower()
    if event_type == "remove_from_cart":
        return "excluded"
    if event_type not in ("view", "cart", "purchase"):
        return "unknown_event_type"
    for column in ("product_id", "user_id"):
        if (row[column] or "").strip().lower() in ("", "null"):
            return f"missing_{column}"
    if any(_SPREADSHEET.fullmatch((row[name] or "").strip()) for name in ("product_id", "user_id", "category_id")):
        return "bad_identifier"
    price = parsed_price(row["price"])
    return "clean" if price is not None and price > 0 else "invalid_price"


_SPREADSHEET = re.compile(r"\d(\.\d+)?[eE]\+\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


@cache
def parsed_price(text: str | None) -> Decimal | None:
    """The price to four decimals, half away from zero; None for what is no plain number or has over 14 digits."""
    trimmed = (text or "").strip()
    if not _NUMBER.fullmatch(trimmed):
        return None
    with localcontext(prec=400) as context:
        context.Emax, context.Emin = 9999, -9999
        price = Decimal(trimmed)
        if abs(price) >= 10**14:
            return None
        price = price.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        return price if abs(price) < 10**14 else None


def _clean_event(rules: Rules, row: Row) -> CleanEvent:
    at, price = moment(row["event_time"], rules.source_timezone), parsed_price(row["price"])
    assert at is not None
    assert price is not None
    return CleanEvent(
        date=at.date(),
        event_time=at,
        event_type=(row["event_type"] or "").strip().lower(),
        product_id=(row["product_id"] or "").strip(),
        category_id=(row["category_id"] or "").strip() or None,
        category_code=_lower(row["category_code"]),
        brand=_lower(_ZERO_WIDTH.sub("", row["brand"] or "")),
        price=price,
        user_id=(row["user_id"] or "").strip(),
        user_session=(row["user_session"] or "").strip() or None,
    )


def _lower(text: str | None) -> str | None:
    """Lower case letter by letter, whatever stands beside it: a final sigma is lowered like any other."""
    return "".join(letter.lower() for letter in (text or "").strip()) or None


def _values(row: Row) -> Values:
    return tuple(row.get(column) for column in COLUMNS)


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
