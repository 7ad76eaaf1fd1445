"""Sales as plain Python computes them from the rows of the database: slow, obvious, and independent of the SQL."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from retail_assets_tests.servers.shop_database import ShopDatabase

CENT = Decimal("0.01")
UNKNOWN = "unknown"
Cut = dict[tuple[Any, ...], tuple[int, Decimal, Decimal, Decimal, int]]
"""By date and key: payments, gross amount, refunds, net amount, customers."""


def shares(amount: Decimal, categories: Iterable[str]) -> list[tuple[str, Decimal]]:
    """An amount split over categories in whole cents; the first one also gets what remains."""
    names = sorted(categories)
    cents = math.floor(abs(amount) / CENT / len(names))
    each = CENT * cents * (1 if amount >= 0 else -1)
    return [(name, amount - each * (len(names) - 1) if name == names[0] else each) for name in names]


class SalesOracle:
    """Every cut of the sales that a database holds now."""

    def __init__(self, shop: ShopDatabase, start: date = date(2005, 1, 1)) -> None:
        self.payments = [
            payment
            for payment in _dicts(shop, "payment")
            if (payment["amount"] and not payment["amount"].is_nan()) or payment["amount"] == 0
        ]
        self.payments = [payment for payment in self.payments if payment["payment_date"].date() >= start]
        self.customers = _by(shop, "customer", "customer_id")
        self.addresses = _by(shop, "address", "address_id")
        self.cities = _by(shop, "city", "city_id")
        self.countries = _by(shop, "country", "country_id")
        self.rentals = _by(shop, "rental", "rental_id")
        self.inventory = _by(shop, "inventory", "inventory_id")
        self.names = {row["category_id"]: row["name"] for row in _dicts(shop, "category")}
        self.of_film: dict[int, set[str]] = defaultdict(set)
        for row in _dicts(shop, "film_category"):
            if row["category_id"] in self.names:
                self.of_film[row["film_id"]].add(self.names[row["category_id"]])

    def region(self, customer_id: int) -> str:
        """The country of a customer."""
        place = self.addresses.get(self.customers.get(customer_id, {}).get("address_id"), {})
        country = self.countries.get(self.cities.get(place.get("city_id"), {}).get("country_id"), {})
        return country.get("country") or UNKNOWN

    def categories(self, rental_id: int) -> set[str]:
        """The categories of the film that a rental was about."""
        copy = self.inventory.get(self.rentals.get(rental_id, {}).get("inventory_id"), {})
        return self.of_film.get(copy.get("film_id")) or {UNKNOWN}

    def cut(self, *by: str) -> Cut:
        """Sales by date and any of category and region."""
        groups: dict[tuple[Any, ...], list[tuple[dict[str, Any], Decimal]]] = defaultdict(list)
        for payment in self.payments:
            for key, amount in self._parts(payment, by):
                groups[payment["payment_date"].date(), *key].append((payment, amount))
        return {key: _summed(group) for key, group in groups.items()}

    def _parts(self, payment: dict[str, Any], by: tuple[str, ...]) -> list[tuple[tuple[str, ...], Decimal]]:
        split: list[tuple[str | None, Decimal]] = [(None, payment["amount"])]
        if "category" in by:
            split = list(shares(payment["amount"], self.categories(payment["rental_id"])))
        region = self.region(payment["customer_id"])
        return [
            (tuple(str(category) if name == "category" else region for name in by), amount)
            for category, amount in split
        ]


def _summed(group: list[tuple[dict[str, Any], Decimal]]) -> tuple[int, Decimal, Decimal, Decimal, int]:
    gross = sum((amount for payment, amount in group if payment["amount"] >= 0), Decimal(0))
    refunds = -sum((amount for payment, amount in group if payment["amount"] < 0), Decimal(0))
    return len(group), gross, refunds, gross - refunds, len({payment["customer_id"] for payment, _ in group})


def _dicts(shop: ShopDatabase, table: str) -> list[dict[str, Any]]:
    sql = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    names = [name for (name,) in shop.rows(sql)]
    return [dict(zip(names, row, strict=True)) for row in shop.rows(f"SELECT * FROM {table}")]


def _by(shop: ShopDatabase, table: str, key: str) -> dict[int, dict[str, Any]]:
    return {row[key]: row for row in _dicts(shop, table)}
