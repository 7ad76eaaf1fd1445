"""Extraction from a real PostgreSQL: the whole of it, from one snapshot, or nothing."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from retail_assets.contracts import Contract
from retail_assets.sources.postgres.connection import SourceError
from retail_assets_tests.servers.shop_database import RAW, ShopDatabase
from retail_assets_tests.sources.reading import extracted, objects

WITHOUT_VIEWS = (
    "DROP VIEW customer_list, sales_by_film_category, sales_by_store, film_list",
    "DROP VIEW nicer_but_slower_film_list, staff_list",
)
"""A column that a view reads keeps its type."""


def _comparable(value: Any, column_type: str) -> Any:
    if value is None:
        return None
    if column_type == "VARCHAR":
        return str(value).rstrip(" ")
    if column_type.startswith("DECIMAL"):
        return Decimal(value).quantize(Decimal("0.0001"))
    if column_type == "BOOLEAN":
        return bool(value)
    return value


@pytest.mark.parametrize("item", RAW, ids=lambda item: item.name)
def test_every_table_is_extracted_value_by_value(item: Contract, shop: ShopDatabase, tmp_path: Path) -> None:
    snapshot = shop.extraction(tmp_path, personal_data="keep").take()

    table = snapshot.tables[item.name]
    columns = [column for column in item.columns if column.name not in table.absent]
    names = ", ".join(column.quoted for column in columns)
    theirs = shop.rows(f"SELECT {names} FROM {item.name.removeprefix('raw_')}")
    ours = extracted(snapshot, item.name, names)
    assert len(ours) == len(theirs) == table.rows > 0
    expected = [tuple(_comparable(v, c.type) for v, c in zip(row, columns, strict=True)) for row in theirs]
    found = [
        tuple(v.rstrip(" ") if c.type == "VARCHAR" and v else v for v, c in zip(row, columns, strict=True))
        for row in ours
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_what_did_not_change_is_not_written_again(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    first = objects(extraction.take())

    shop.run("UPDATE payment SET amount = amount WHERE payment_id % 7 = 0", "VACUUM FULL payment")
    assert objects(extraction.take()) == first
    shop.run("UPDATE payment SET amount = amount + 1 WHERE payment_id = 17503")
    third = objects(extraction.take())

    assert {name for name in first if first[name] != third[name]} == {"raw_payment"}
    held = {path.name for path in (tmp_path / ".extraction" / "objects").iterdir()}
    assert held == {file for file, _ in [*first.values(), *third.values()]}


def test_deletes_late_commits_and_changes_with_an_old_last_update_are_seen(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    late = shop.connect()
    late.autocommit = False
    with late.cursor() as cursor:
        cursor.execute("INSERT INTO category (category_id, name, last_update) VALUES (99, 'Late', '2001-01-01')")
        before = extraction.take()
        assert extraction.changed_fingerprint() is None
        late.commit()
    late.close()
    shop.run(
        "ALTER TABLE rental DISABLE TRIGGER ALL",
        "UPDATE rental SET return_date = '2006-01-01', last_update = '2000-01-01' WHERE rental_id = 1",
        "DELETE FROM payment WHERE payment_id = 17503",
    )

    assert extraction.changed_fingerprint()
    after = extraction.take()

    assert after.tables["raw_payment"].rows == before.tables["raw_payment"].rows - 1
    assert ("99", "Late") in extracted(after, "raw_category", "category_id, name")
    assert ("2006-01-01 00:00:00",) in extracted(after, "raw_rental", "return_date::VARCHAR")


def test_all_tables_come_from_one_snapshot_while_others_write(shop: ShopDatabase, tmp_path: Path) -> None:
    """Each writer's transaction adds one language and one category: a snapshot has as many of one as of the other."""
    shop.run("DELETE FROM film_category", "DELETE FROM category", "TRUNCATE language CASCADE")
    ended = threading.Event()

    def write(offset: int) -> None:
        connection = shop.connect()
        connection.autocommit = False
        with connection.cursor() as cursor:
            for number in range(offset, offset + 10_000):
                if ended.is_set():
                    break
                cursor.execute("INSERT INTO category (category_id, name) VALUES (%s, 'x')", [number])
                cursor.execute("INSERT INTO language (language_id, name) VALUES (%s, 'x')", [number])
                connection.commit()
        connection.close()

    writers = [threading.Thread(target=write, args=(start,)) for start in (1, 20_001)]
    for writer in writers:
        writer.start()
    try:
        counts = []
        for _ in range(3):
            tables = shop.extraction(tmp_path).take().tables
            counts.append((tables["raw_category"].rows, tables["raw_language"].rows))
    finally:
        ended.set()
        for writer in writers:
            writer.join()

    assert all(categories == languages for categories, languages in counts)
    assert counts[0] < counts[-1]


def test_types_of_other_instances_become_those_of_the_contract(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run(
        *WITHOUT_VIEWS,
        "ALTER TABLE payment ALTER payment_date TYPE timestamptz USING payment_date AT TIME ZONE 'America/New_York'",
        "ALTER TABLE payment ALTER amount TYPE numeric",
        "CREATE DOMAIN money_amount AS numeric",
        "ALTER TABLE film ALTER rental_rate TYPE money_amount",
        "ALTER TABLE customer RENAME activebool TO activebook",
        "ALTER TABLE customer ALTER customer_id TYPE bigint",
        "INSERT INTO customer (customer_id, store_id, first_name, last_name, address_id) "
        "VALUES (9007199254740993, 1, 'A', 'B', 1)",
        "UPDATE payment SET amount = 'NaN' WHERE payment_id = 17503",
        "UPDATE payment SET amount = 'Infinity' WHERE payment_id = 17504",
        "UPDATE payment SET amount = 12.3456 WHERE payment_id = 17505",
        "UPDATE rental SET rental_date = '2005-07-01 12:00:00' WHERE rental_id = 1",
    )

    snapshot = shop.extraction(tmp_path, timezone="Europe/Berlin").take()

    paid = dict(extracted(snapshot, "raw_payment", "payment_id, amount"))
    assert (paid["17503"], paid["17504"], paid["17505"]) == (None, None, Decimal("12.3456"))
    assert snapshot.tables["raw_payment"].measures["amount"].unreadable == 2
    ((moment,),) = shop.rows("SELECT (payment_date AT TIME ZONE 'UTC')::text FROM payment WHERE payment_id = 17506")
    moments = dict(extracted(snapshot, "raw_payment", "payment_id, payment_date::VARCHAR"))
    assert moments["17506"] == moment
    assert ("1", "2005-07-01 10:00:00") in extracted(snapshot, "raw_rental", "rental_id, rental_date::VARCHAR")
    assert ("9007199254740993",) in extracted(snapshot, "raw_customer", "customer_id")
    assert snapshot.tables["raw_customer"].absent == ()
    features = extracted(snapshot, "raw_film", "special_features")[0][0]
    assert isinstance(features, list)


def test_a_partitioned_table_is_read_by_its_root(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    before = extraction.take()
    shop.run(
        "ALTER TABLE payment RENAME TO payment_before",
        "CREATE TABLE payment (LIKE payment_before) PARTITION BY RANGE (payment_date)",
        "CREATE TABLE payment_early PARTITION OF payment FOR VALUES FROM (MINVALUE) TO ('2007-03-01')",
        "CREATE TABLE payment_late PARTITION OF payment FOR VALUES FROM ('2007-03-01') TO (MAXVALUE)",
        "INSERT INTO payment SELECT * FROM payment_before",
    )

    after = extraction.take()
    assert after.tables["raw_payment"].digest == before.tables["raw_payment"].digest
    shop.run("DELETE FROM payment_late WHERE payment_id = (SELECT max(payment_id) FROM payment_late)")
    assert extraction.changed_fingerprint()


def test_a_schema_that_does_not_fit_is_an_error_before_anything_is_read(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    before = objects(extraction.take())
    shop.run(
        *WITHOUT_VIEWS,
        "ALTER TABLE payment RENAME COLUMN amount TO paid",
        "ALTER TABLE city ALTER city TYPE bytea USING convert_to(city, 'UTF8')",
        "DROP TABLE film_actor CASCADE",
    )

    with pytest.raises(SourceError, match="schema_mismatch") as caught:
        extraction.take()

    said = str(caught.value)
    assert "payment.amount is missing; columns that the contract does not know: paid" in said
    assert "city.city is of type bytea, which has no rule to become VARCHAR" in said
    assert "there is no table public.film_actor" in said
    assert objects(extraction.latest()) == before


def test_added_columns_are_left_and_told_and_optional_ones_may_go(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run("ALTER TABLE category ADD colour text", "ALTER TABLE category DROP COLUMN last_update")

    snapshot = shop.extraction(tmp_path).take()

    table = snapshot.tables["raw_category"]
    assert (table.added, table.absent) == (("colour",), ("last_update",))
    assert extracted(snapshot, "raw_category", "DISTINCT last_update") == [(None,)]


def test_a_number_that_the_contract_cannot_hold_is_an_error(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run(
        *WITHOUT_VIEWS,
        "ALTER TABLE payment ALTER amount TYPE numeric",
        "UPDATE payment SET amount = 1.00005 WHERE payment_id = 17503",
    )

    with pytest.raises(SourceError, match=r"payment.amount sums to .* Widen the column"):
        shop.extraction(tmp_path).take()

    assert shop.extraction(tmp_path).latest().tables == {}
