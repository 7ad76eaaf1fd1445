"""Extraction from a real PostgreSQL: the whole of it, from one snapshot, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from retail_assets.contracts import Contract, contract
from retail_assets.settings import SalesSettings
from retail_assets.sources.postgres.connection import SourceError
from retail_assets.sources.postgres.snapshot import Snapshot
from retail_assets_tests.servers.shop_database import RAW, ShopDatabase
from retail_assets_tests.sources.reading import extracted

WITHOUT_VIEWS = (
    "DROP VIEW customer_list, sales_by_film_category, sales_by_store, film_list",
    "DROP VIEW nicer_but_slower_film_list, staff_list",
)
"""A column that a view reads keeps its type."""


def objects(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Where every table lies, and when it was written."""
    return {name: (table.file, _file(snapshot, name).stat().st_mtime_ns) for name, table in snapshot.tables.items()}


def _file(snapshot: Snapshot, name: str) -> Path:
    return Path(snapshot.dataset(contract(name)).objects[0].location)


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


PERSONAL = (
    "mary.smith",
    "1913 Hanoi",
    "28303384290",
    "Mike.Hillyer",
    "8cb2237d0679ca88db6464eac60da96345513964",
)


@pytest.mark.parametrize("treatment", ["mask", "hash"])
def test_personal_data_and_passwords_stay_in_the_database(treatment: str, shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run("UPDATE staff SET picture = 'a picture of me' WHERE staff_id = 1")
    shop.run(
        "UPDATE customer SET email = (SELECT ' ' || upper(email) FROM customer WHERE customer_id = 1) "
        "WHERE customer_id = 2"
    )

    snapshot = shop.extraction(tmp_path, personal_data=treatment, hash_key="a key of sixteen bytes").take()

    kept = (
        b"".join(repr(extracted(snapshot, item.name)).encode() for item in RAW)
        + (tmp_path / ".extraction" / "snapshot.json").read_bytes()
    )
    assert not [text for text in (*PERSONAL, "a picture of me") if text.encode() in kept]
    emails = dict(extracted(snapshot, "raw_customer", "customer_id, email"))
    if treatment == "mask":
        assert set(emails.values()) == {"***"}
    else:
        assert emails["1"] == emails["2"]
        assert len(set(emails.values())) == len(emails) - 1
        other = shop.extraction(tmp_path / "other", personal_data="hash", hash_key="another key of 16 bytes").take()
        assert dict(extracted(other, "raw_customer", "customer_id, email"))["1"] != emails["1"]
    assert snapshot.findings["duplicate_emails"].startswith("1 e-mail addresses belong to several customers, 2 in all")


def test_a_wrong_password_is_an_error_that_does_not_repeat_it(shop: ShopDatabase, tmp_path: Path) -> None:
    wrong = "not-the-'password"

    with pytest.raises(SourceError, match="password authentication failed") as caught:
        shop.extraction(tmp_path, password=wrong).take()

    assert "not-the" not in repr(caught.value)
    assert caught.value.__suppress_context__
    assert "not-the" not in repr(SalesSettings(host="h", password=wrong))


def test_rows_that_row_security_would_hide_are_an_error(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run(
        "CREATE ROLE reader LOGIN PASSWORD 'reads only' IN ROLE pg_read_all_data",
        "ALTER TABLE payment ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY half ON payment USING (payment_id % 2 = 0)",
    )
    try:
        with pytest.raises(SourceError, match="row-level security"):
            shop.extraction(tmp_path, user="reader", password="reads only").take()
        shop.run("ALTER TABLE payment DISABLE ROW LEVEL SECURITY")
        assert shop.extraction(tmp_path, user="reader", password="reads only").take().tables
    finally:
        shop.run("DROP OWNED BY reader", "DROP ROLE reader")


@contextmanager
def _cut_when_reading(shop: ShopDatabase, table: str) -> Iterator[None]:
    """Ends the session that reads the table as soon as it does: a lock makes it wait there for us."""
    holder, killer = shop.connect(), shop.connect()
    holder.autocommit = False
    ended = threading.Event()

    def kill() -> None:
        with killer.cursor() as cursor:
            while not ended.wait(0.02):
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'retail_assets' "
                    "AND datname = current_database() AND wait_event_type = 'Lock'"
                )

    with holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        holder.close()
        killer.close()


def test_a_connection_that_breaks_off_publishes_nothing(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = shop.extraction(tmp_path)
    before = objects(extraction.take())
    shop.run("DELETE FROM payment WHERE payment_id < 18000", "UPDATE category SET name = 'Changed'")

    with _cut_when_reading(shop, "rental"), pytest.raises(SourceError, match="cannot be read"):
        extraction.take()

    assert objects(extraction.latest()) == before
    assert not list((tmp_path / ".extraction" / "staging").iterdir())
    assert extraction.take().tables["raw_payment"].rows < 14_596
