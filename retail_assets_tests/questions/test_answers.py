"""Every question's answer against plain Python over the rows of the warehouse's tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retail_assets.questions.file_reader import FileReader
from retail_assets.settings import Settings
from retail_assets_tests.shop import FIRST, LAST, MISSING

BEFORE, START, END = date(2019, 11, 11), date(2019, 11, 25), date(2019, 12, 8)
PERIOD = {"first": START, "last": END}
Rows = list[dict[str, Any]]


def table(settings: Settings, name: str) -> Rows:
    return rows_of(settings.warehouse_file, name)


@cache
def rows_of(path: Path, name: str) -> Rows:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(f"SELECT * FROM {name}")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def asked(reader: FileReader, question: str, **values: Any) -> Rows:
    answer: Rows = reader.ask(question, **values).to_pylist()
    return answer


def sums(rows: Rows) -> tuple[int, int, int, float]:
    """Purchases, views, carts and revenue."""
    counts = (sum(row[name] for row in rows) for name in ("purchases_t", "views_t", "carts_t"))
    return (*counts, float(sum(row["revenue_t"] for row in rows)))  # type: ignore[return-value]


def by(rows: Rows, name: str) -> dict[Any, Rows]:
    found = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


def features(settings: Settings, key_type: str, first: date = FIRST, last: date = LAST) -> Rows:
    return [row for row in table(settings, "features") if row["key_type"] == key_type and first <= row["date"] <= last]


def test_reach(reader: FileReader) -> None:
    assert asked(reader, "reach") == [{"first_date": FIRST, "last_date": LAST, "dates": (LAST - FIRST).days}]


def test_dates_have_totals_and_a_missing_date_has_none(reader: FileReader, built_shop: Settings) -> None:
    expected = by(features(built_shop, "product_id"), "date")

    found = by(asked(reader, "dates", first=FIRST, last=LAST), "date")

    assert len(found) == (LAST - FIRST).days + 1
    for day, (row,) in found.items():
        values = (row["purchases"], row["views"], row["carts"], row["revenue"])
        if day == MISSING:
            assert values == (None, None, None, None)
            continue
        purchases, views, carts, revenue = sums(expected[day])
        assert values == (purchases, views, carts, pytest.approx(revenue))
        assert row["events"] == purchases + views + carts
        assert row["conversion"] == pytest.approx(purchases / views)
        assert row["active_keys"] == sum(item["price_mean_t"] is not None for item in expected[day])
    assert found[date(2019, 11, 29)][0]["holiday_name"] == "Black Friday"


def test_periods(reader: FileReader, built_shop: Settings) -> None:
    found = {row["period"]: row for row in asked(reader, "periods", before=BEFORE, **PERIOD)}

    for period, first, last in (("now", START, END), ("before", BEFORE, START - timedelta(days=1))):
        rows = features(built_shop, "product_id", first, last)
        purchases, views, carts, revenue = sums(rows)
        row = found[period]
        assert (row["purchases"], row["views"], row["carts"]) == (purchases, views, carts)
        assert row["events"] == purchases + views + carts
        assert row["revenue"] == pytest.approx(revenue)
        assert row["conversion"] == pytest.approx(purchases / views)
        assert row["dates"] == len({item["date"] for item in rows})


@pytest.mark.parametrize("key_type", ["product_id", "brand", "category_code"])
def test_movers(reader: FileReader, built_shop: Settings, key_type: str) -> None:
    now = {key: sums(rows)[0] for key, rows in by(features(built_shop, key_type, START, END), "key_value").items()}
    earlier = by(features(built_shop, key_type, BEFORE, START - timedelta(days=1)), "key_value")
    before = {key: sums(rows)[0] for key, rows in earlier.items()}
    changes = {key: now.get(key, 0) - before.get(key, 0) for key in {*now, *before}}
    expected = sorted((key for key in changes if changes[key]), key=lambda key: (-abs(changes[key]), key))[:7]

    found = asked(reader, "movers", before=BEFORE, key_type=key_type, limit=7, **PERIOD)

    assert [row["key_value"] for row in found] == expected
    for row in found:
        key = row["key_value"]
        assert (row["purchases"], row["purchases_before"]) == (now.get(key, 0), before.get(key, 0))
        assert row["change"] == changes[key]


@pytest.mark.parametrize(
    ("key_type", "text"),
    [("brand", "SA"), ("category_code", "phone"), ("product_id", "samsung"), ("product_id", "27"), ("brand", "%_'\"")],
)
def test_search(reader: FileReader, built_shop: Settings, key_type: str, text: str) -> None:
    products = {row["product_id"]: row for row in table(built_shop, "dim_product")}

    def searched(key: str) -> str:
        more = products[key] if key_type == "product_id" else {}
        return " ".join([key, more.get("brand") or "", more.get("category_code") or ""]).lower()

    totals = {key: sums(rows) for key, rows in by(features(built_shop, key_type), "key_value").items()}
    matches = [key for key in totals if text.lower() in searched(key)]
    expected = sorted(matches, key=lambda key: (-totals[key][0], -totals[key][1], key))[:20]

    found = asked(reader, "search_keys", key_type=key_type, text=text, chosen=(), limit=20)

    assert [(row["key_value"], row["purchases"]) for row in found] == [(key, totals[key][0]) for key in expected]


def test_series_are_zero_on_quiet_days_and_absent_on_missing_ones(reader: FileReader, built_shop: Settings) -> None:
    rows = {(row["key_value"], row["date"]): row for row in features(built_shop, "brand")}
    rare = min(by(list(rows.values()), "key_value").items(), key=lambda item: len(item[1]))[0]
    keys = ["apple", rare, "no such brand"]

    found = [row for key in keys for row in asked(reader, "series", key_type="brand", key=key, first=FIRST, last=LAST)]

    assert {row["key_value"] for row in found} == {"apple", rare}
    assert len(found) == 2 * ((LAST - FIRST).days + 1)
    for row in found:
        if row["date"] == MISSING:
            assert (row["purchases"], row["revenue"], row["ma7"]) == (None, None, None)
            continue
        known = rows.get((row["key_value"], row["date"]), {})
        assert row["purchases"] == known.get("purchases_t", 0)
        assert row["revenue"] == pytest.approx(float(known.get("revenue_t", 0)))
        assert (row["ma7"], row["price"]) == (known.get("MA7"), known.get("price_mean_t"))


def test_funnel_by_key(reader: FileReader, built_shop: Settings) -> None:
    totals = {
        key: sums(rows) for key, rows in by(features(built_shop, "category_code", START, END), "key_value").items()
    }
    expected = sorted(totals, key=lambda key: (-totals[key][1], key))[:10]

    found = asked(reader, "funnel_keys", key_type="category_code", limit=10, **PERIOD)

    assert [row["key_value"] for row in found] == expected
    for row in found:
        purchases, views, carts, revenue = totals[row["key_value"]]
        assert (row["purchases"], row["views"], row["carts"]) == (purchases, views, carts)
        assert row["revenue"] == pytest.approx(revenue)
        assert row["cart_rate"] == pytest.approx(carts / views)


def test_books_holidays_and_products(reader: FileReader, built_shop: Settings) -> None:
    books = {
        (row["date"], row["stage"], row["reason"]): row["rows"]
        for row in table(built_shop, "data_quality")
        if row["rows"] and (row["date"] is None or START <= row["date"] <= END)
    }
    found = asked(reader, "books", **PERIOD)
    assert {(row["date"], row["stage"], row["reason"]): row["rows"] for row in found} == books

    holidays = [
        (row["date"], row["holiday_name"])
        for row in table(built_shop, "dim_date")
        if row["holiday_flag"] and START <= row["date"] <= END
    ]
    assert [(row["date"], row["holiday_name"]) for row in asked(reader, "holidays", **PERIOD)] == sorted(holidays)

    product = table(built_shop, "dim_product")[0]
    (found_product,) = asked(reader, "products", keys=[product["product_id"]])
    assert found_product == product
