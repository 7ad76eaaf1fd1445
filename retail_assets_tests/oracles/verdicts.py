"""Reading the clickstream in plain Python: what each received row says, and the reason against it if there is one.

Like the oracle that counts with it, it is written from the documents and shares nothing with the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code",
    "brand", "price", "user_id", "user_session",
)  # fmt: skip

Row = Mapping[str, str | None]
"""A received row: the nine columns as text."""
Values = tuple[str | None, ...]
"""The nine received values in the order of COLUMNS."""


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


def at_landing(rules: Rules, file: str, number: int, row: Row) -> Outcome:
    """What landing makes of a received row."""
    at = moment(row.get("event_time"), rules.source_timezone)
    reason = _landing_reason(rules, row, at)
    return Outcome("landing", reason, at.date() if at else None, file, number, values(row))


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


def at_cleaning(rules: Rules, landed: Iterable[Outcome]) -> Iterator[Outcome]:
    """What cleaning makes of the rows that landed."""
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


def values(row: Row) -> Values:
    """The received values of a row."""
    return tuple(row.get(column) for column in COLUMNS)
