"""A recount of a synthetic feed in plain Python, by the contract's rules, with no knowledge of the generator."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path

import duckdb

from retail_assets.sources.synthetic_shop import ShopTruth


def rows_of(file: Path) -> list[dict[str, str]]:
    if file.suffix == ".parquet":
        relation = duckdb.read_parquet(str(file))
        return [dict(zip(relation.columns, (value or "" for value in row), strict=True)) for row in relation.fetchall()]
    packed = file.read_bytes()
    text = (gzip.decompress(packed) if file.suffix == ".gz" else packed).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def all_rows(folder: Path) -> Iterator[dict[str, str]]:
    for file in sorted(folder.glob("events_*[!n]")):
        yield from rows_of(file)


def utc_time(text: str) -> datetime | None:
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)( UTC|Z|[+-]\d\d:\d\d)", text)
    if match is None:
        return None
    zone = match[2].replace(" UTC", "+00:00").replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(match[1] + zone).astimezone(UTC)
    except ValueError:
        return None


def is_price(text: str) -> bool:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        return False
    return price.is_finite() and price > 0


def is_missing(text: str) -> bool:
    return text.strip() in ("", "null")


def time_verdict(moment: datetime | None) -> str | None:
    if moment is None:
        return "bad_event_time"
    if moment > datetime.now(UTC) + timedelta(minutes=5):
        return "future_event"
    return "too_old" if moment.date() < date(2016, 1, 1) else None


def content_verdict(row: dict[str, str]) -> str:
    event_type = row["event_type"].strip().lower()
    if event_type == "remove_from_cart":
        return "excluded"
    faults = {
        "unknown_event_type": event_type not in ("view", "cart", "purchase"),
        "missing_product_id": is_missing(row["product_id"]),
        "missing_user_id": is_missing(row["user_id"]),
        "bad_identifier": any(
            re.fullmatch(r"\d\.\d+E\+\d+", row[name]) for name in ("product_id", "user_id", "category_id")
        ),
        "invalid_price": not is_price(row["price"]),
    }
    return next((reason for reason, is_faulty in faults.items() if is_faulty), "clean")


class Recount:
    """The books of a folder, and its clean rows."""

    def __init__(self, folder: Path) -> None:
        self.books: Counter[tuple[date | None, str, str]] = Counter()
        self.clean: list[dict[str, str]] = []
        self.types: Counter[tuple[date, str]] = Counter()
        kept: set[tuple[str, ...]] = set()
        for row in all_rows(folder):
            moment = utc_time(row["event_time"])
            day = moment.date() if moment else None
            self.books[day, "landing", "received"] += 1
            if refused := time_verdict(moment):
                self.books[day, "landing", refused] += 1
                continue
            verdict = content_verdict(row)
            if verdict == "clean" and tuple(row.values()) in kept:
                verdict = "duplicate"
            self.books[day, "cleaning", "received"] += 1
            self.books[day, "cleaning", verdict] += 1
            if verdict == "clean":
                assert day is not None
                kept.add(tuple(row.values()))
                self.clean.append(row)
                self.types[day, row["event_type"].strip().lower()] += 1

    def distinct(self, column: str) -> int:
        return len({row[column] for row in self.clean})


def assert_agree(truth: ShopTruth, folder: Path) -> None:
    recount = Recount(folder)
    assert {(entry.date, entry.stage, entry.reason): entry.rows for entry in truth.books} == dict(recount.books)
    assert {(entry.date, entry.event_type): entry.rows for entry in truth.clean_by_type} == dict(recount.types)
    assert truth.products == recount.distinct("product_id")
    assert truth.users == recount.distinct("user_id")
    assert truth.sessions == recount.distinct("user_session")
