"""Sales from the real dvdrental, and from what happens to such databases."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retail_assets.assets.catalogue import sales_steps
from retail_assets.assets.materialization import Made, materialize, runnable, stale
from retail_assets.assets.partitions import of_dates
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import export_location, export_sales, is_outdated
from retail_assets.contracts import contract
from retail_assets_tests.building import rows
from retail_assets_tests.oracles.sales import SalesOracle
from retail_assets_tests.servers.shop_database import ShopDatabase, copy_of

CUTS = {
    "sales_by_category": ("category",),
    "sales_by_region": ("region",),
    "sales_by_category_region": ("category", "region"),
}
MEASURES = "payments, gross_amount, refunds, net_amount, customers"

# Written for the shape of dvdrental, with none of the platform's SQL.
IN_THE_DATABASE = """
    SELECT p.payment_date::date::text, {keys}, count(*), sum(p.amount), count(DISTINCT p.customer_id)
    FROM payment p
    JOIN rental r ON r.rental_id = p.rental_id JOIN inventory i ON i.inventory_id = r.inventory_id
    JOIN film_category fc ON fc.film_id = i.film_id JOIN category c ON c.category_id = fc.category_id
    JOIN customer cu ON cu.customer_id = p.customer_id JOIN address a ON a.address_id = cu.address_id
    JOIN city ON city.city_id = a.city_id JOIN country co ON co.country_id = city.country_id
    GROUP BY p.payment_date::date, {keys}
"""
KEYS = {"category": "c.name", "region": "co.country"}

# Written for whatever a shop may hold: orphans, films in several categories, refunds.
WITH_SHARES = """
    WITH named AS (
        SELECT film_id, array_agg(DISTINCT name ORDER BY name) AS names
        FROM film_category JOIN category USING (category_id)
        GROUP BY film_id
    ),
    paid AS (
        SELECT p.payment_id, p.payment_date::date AS date, p.customer_id, p.amount,
            coalesce(co.country, 'unknown') AS region, coalesce(n.names, ARRAY['unknown']) AS names
        FROM payment p
        LEFT JOIN rental r ON r.rental_id = p.rental_id LEFT JOIN inventory i ON i.inventory_id = r.inventory_id
        LEFT JOIN named n ON n.film_id = i.film_id
        LEFT JOIN customer cu ON cu.customer_id = p.customer_id LEFT JOIN address a ON a.address_id = cu.address_id
        LEFT JOIN city ON city.city_id = a.city_id LEFT JOIN country co ON co.country_id = city.country_id
        WHERE p.amount <> 'NaN' AND p.payment_date >= '2005-01-01'
    ),
    shared AS (
        SELECT paid.*, category, trunc(amount / cardinality(names), 2) AS part, place, cardinality(names) AS parts
        FROM paid CROSS JOIN unnest(names) WITH ORDINALITY AS listed(category, place)
    )
    SELECT date, {keys}, count(DISTINCT payment_id), coalesce(sum(share) FILTER (WHERE amount >= 0), 0),
        -coalesce(sum(share) FILTER (WHERE amount < 0), 0), sum(share), count(DISTINCT customer_id)
    FROM (SELECT *, CASE WHEN place = 1 THEN amount - (parts - 1) * part ELSE part END AS share FROM shared) AS shares
    GROUP BY date, {keys}
"""


def build(platform: Platform) -> dict[str, list[Made]]:
    """Extract, and make what is missing or stale of sales."""
    platform.extraction.take()
    made = {}
    for step in sales_steps():
        wanted = runnable(platform, step, of_dates(step.partitioning, known_days(platform)))
        todo = stale(platform, step, wanted)
        made[step.name] = list(materialize(platform, step, platform.inputs(step), todo)) if todo else []
    return made


def remade(made: dict[str, list[Made]]) -> dict[str, list[str]]:
    """The partitions that were made, by step."""
    return {name: [item.partition.key for item in items] for name, items in made.items() if items}


def findings(made: dict[str, list[Made]]) -> dict[str, str]:
    """What checks have against anything, by check."""
    verdicts = [verdict for items in made.values() for item in items for verdict in item.verdicts]
    return {verdict.check: verdict.detail for verdict in verdicts if not verdict.passed}


def cut(platform: Platform, name: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """A cut of the lake, in the oracle's form."""
    keys = ("date", *CUTS[name])
    found = rows(platform, f"SELECT {', '.join(keys)}, {MEASURES} FROM {name}", name)
    values = [tuple(row.values()) for row in found]
    return {row[: len(keys)]: row[len(keys) :] for row in values}


@pytest.fixture(scope="module")
def dvd(postgres: Any, dvdrental: str) -> Iterator[ShopDatabase]:
    """The real dvdrental, as it is."""
    with copy_of(postgres, dvdrental) as shop:
        yield shop


@pytest.fixture(scope="module")
def dvd_platform(dvd: ShopDatabase, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A platform that holds the sales of the real dvdrental."""
    platform = Platform.local(dvd.settings(tmp_path_factory.mktemp("dvd")))
    assert all(item.published for items in build(platform).values() for item in items)
    return platform


@pytest.mark.parametrize("name", CUTS)
def test_every_cut_equals_the_same_question_asked_inside_postgresql(
    name: str, dvd: ShopDatabase, dvd_platform: Platform
) -> None:
    keys = ", ".join(KEYS[key] for key in CUTS[name])
    expected = sorted(dvd.rows(IN_THE_DATABASE.format(keys=keys)))

    found = rows(
        dvd_platform,
        f"SELECT date::VARCHAR, {', '.join(CUTS[name])}, payments, net_amount, customers FROM {name}",
        name,
    )

    assert sorted(tuple(row.values()) for row in found) == expected
    assert sum(row["net_amount"] for row in found) == Decimal("61312.04")


@pytest.mark.parametrize("name", CUTS)
def test_every_cut_equals_plain_python(name: str, dvd: ShopDatabase, dvd_platform: Platform) -> None:
    assert cut(dvd_platform, name) == SalesOracle(dvd).cut(*CUTS[name])


def test_the_warehouse_holds_the_same_to_the_cent(dvd_platform: Platform) -> None:
    with duckdb.connect(str(dvd_platform.settings.warehouse_file), read_only=True) as connection:
        for name in ("sales", *CUTS):
            column = "amount" if name == "sales" else "net_amount"
            assert connection.execute(f"SELECT sum({column}) FROM {name}").fetchone() == (Decimal("61312.04"),)
        assert connection.execute("SELECT count(*), sum(net_amount) FROM customer_value").fetchone() == (
            599,
            Decimal("61312.04"),
        )


def test_a_customer_is_worth_what_the_database_says(dvd: ShopDatabase, dvd_platform: Platform) -> None:
    expected = dvd.rows(
        "SELECT customer_id::text, min(payment_date), max(payment_date), count(*), sum(amount), active = 1 "
        "FROM customer JOIN payment USING (customer_id) GROUP BY customer_id ORDER BY 1"
    )

    found = rows(
        dvd_platform,
        "SELECT customer_id, first_payment_at, last_payment_at, payments, net_amount, active FROM customer_value "
        "ORDER BY customer_id",
        "customer_value",
    )

    assert [tuple(row.values()) for row in found] == sorted(expected)


def test_nothing_is_made_again_of_unchanged_tables(shop: ShopDatabase, tmp_path: Path) -> None:
    platform = Platform.local(shop.settings(tmp_path))
    build(platform)
    shop.run("UPDATE payment SET amount = amount WHERE payment_id % 3 = 0", "VACUUM FULL payment")

    assert remade(build(platform)) == {}


def test_only_the_days_whose_rows_changed_are_made_again(shop: ShopDatabase, tmp_path: Path) -> None:
    platform = Platform.local(shop.settings(tmp_path))
    build(platform)
    days = dict(
        shop.rows("SELECT payment_id::text, payment_date::date::text FROM payment WHERE payment_id IN (17503, 31000)")
    )
    shop.run(
        "UPDATE payment SET amount = -5 WHERE payment_id = 17503",
        "DELETE FROM payment WHERE payment_id = 31000",
        "INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date) "
        "VALUES (1000001, 1, 1, 1, 2.5, '2007-05-15 12:00')",  # the day after the last one
    )

    made = remade(build(platform))

    assert made["sales"] == made["sales_cuts"] == made["warehouse_sales"] == sorted({*days.values(), "2007-05-15"})
    assert cut(platform, "sales_by_category_region") == SalesOracle(shop).cut("category", "region")


def test_a_day_whose_payments_all_went_is_empty_afterwards(shop: ShopDatabase, tmp_path: Path) -> None:
    platform = Platform.local(shop.settings(tmp_path))
    build(platform)
    shop.run("DELETE FROM payment WHERE payment_date::date = '2007-05-14'")

    assert remade(build(platform))["sales"] == ["2007-05-14"]
    assert not rows(platform, "SELECT * FROM sales WHERE date = '2007-05-14'", "sales")
    assert cut(platform, "sales_by_region") == SalesOracle(shop).cut("region")


MESS = (
    "ALTER TABLE payment DROP CONSTRAINT payment_customer_id_fkey, DROP CONSTRAINT payment_rental_id_fkey",
    "ALTER TABLE film_category DROP CONSTRAINT film_category_film_id_fkey",
    "INSERT INTO film_category SELECT film_id, 1 FROM film WHERE film_id % 3 = 0 ON CONFLICT DO NOTHING",
    "INSERT INTO film_category SELECT film_id, 9 FROM film WHERE film_id % 3 = 0 ON CONFLICT DO NOTHING",
    "DELETE FROM film_category WHERE film_id = 5",
    "UPDATE country SET country = 'Côte d''Ivoire/Abidjan=100 %' WHERE country = 'India'",
    "UPDATE payment SET amount = -amount WHERE payment_id % 50 = 0",
    "UPDATE payment SET customer_id = 30000 WHERE payment_id = 17510",
    "UPDATE payment SET rental_id = 999999 WHERE payment_id = 17511",
    "UPDATE payment SET amount = 'NaN' WHERE payment_id = 17512",
    "UPDATE payment SET payment_date = '1999-12-31 23:59:59' WHERE payment_id = 17513",
    "UPDATE rental SET return_date = rental_date - interval '1 day' WHERE rental_id = 1000",
)


def test_a_messy_database_loses_nothing_in_silence(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run(*MESS)
    platform = Platform.local(shop.settings(tmp_path))

    made = build(platform)

    assert all(item.published for items in made.values() for item in items)
    oracle = SalesOracle(shop)
    for name, by in CUTS.items():
        assert cut(platform, name) == oracle.cut(*by)
        asked = shop.rows(WITH_SHARES.format(keys=", ".join(by)))
        assert cut(platform, name) == {row[: 1 + len(by)]: row[1 + len(by) :] for row in asked}
    rejected = rows(
        platform, "SELECT source_table, source_key, reason FROM rejected_sales ORDER BY ALL", "rejected_sales"
    )
    assert [tuple(row.values()) for row in rejected] == [
        ("payment", "17512", "invalid_amount"),
        ("payment", "17513", "too_old"),
        ("rental", "1000", "return_before_rental"),
    ]
    found = findings(made)
    assert "1 have no known region, 1 no known film" in found["orphans"]
    assert "invalid_amount: 1 rows; return_before_rental: 1 rows; too_old: 1 rows" in found["rejected_sales"]
    assert "payment.amount has 1 values that are no number" in found["source_schema"]
    sums = [rows(platform, f"SELECT sum(net_amount) AS net FROM {name}", name)[0]["net"] for name in CUTS]
    assert len(set(sums)) == 1

    export_sales(platform)
    exported = duckdb.sql(f"FROM read_parquet('{export_location(platform)}/*/*/*.parquet', hive_partitioning = true)")
    assert exported.aggregate("sum(net_amount)").fetchone() == (sums[0],)
    regions = {region for (region,) in exported.select("region").distinct().fetchall()}
    assert {"Côte d'Ivoire/Abidjan=100 %", "unknown"} < regions


def test_too_many_orphans_block(shop: ShopDatabase, tmp_path: Path) -> None:
    platform = Platform.local(shop.settings(tmp_path))
    shop.run("ALTER TABLE address DROP CONSTRAINT fk_address_city", "DELETE FROM city WHERE city_id % 2 = 0")

    made = build(platform)

    assert findings(made)["too_many_orphans"].startswith("too_many_orphans: ")
    assert not platform.stores["lake"].published(contract("joined_sales"))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_files_by_category_and_region_follow_and_stay_untouched_where_nothing_changed(
    form: str, shop: ShopDatabase, tmp_path: Path
) -> None:
    shop.run("DELETE FROM payment WHERE payment_date >= '2007-02-20'")
    platform = Platform.local(shop.settings(tmp_path, export_format=form))
    build(platform)
    root = Path(export_location(platform))

    first = export_sales(platform)
    before = {path: path.stat().st_mtime_ns for path in root.rglob(f"*.{form}")}
    assert first.files == first.changed == len(before)
    assert root / "category=Action" / "region=United%20States" in {path.parent for path in before}
    assert export_sales(platform).changed == 0

    shop.run("UPDATE country SET country = 'Nowhere' WHERE country = 'Yemen'")
    build(platform)
    assert is_outdated(platform)
    export_sales(platform)
    after = {path: path.stat().st_mtime_ns for path in root.rglob(f"*.{form}")}
    changed = {path.parent.name for path in before.items() ^ after.items() for path in [path[0]]}
    assert changed == {"region=Yemen", "region=Nowhere"}
    assert not list(root.glob("*/region=Yemen"))
