"""Incremental extraction: what it ends with is what a full extraction finds, whatever happened in between."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from retail_assets.contracts import contract
from retail_assets.sources.postgres.extraction import Extraction
from retail_assets.sources.postgres.snapshot import Snapshot
from retail_assets_tests.servers.shop_database import ShopDatabase
from retail_assets_tests.sources.reading import extracted

LARGE = tuple(contract(f"raw_{name}") for name in ("payment", "rental", "film_actor"))
"""Two tables with a key of one column, one with a key of two."""
STEPS, CHANGES_A_STEP = 6, 8
WITHOUT_TRIGGERS = "SET session_replication_role = replica"


def incremental(shop: ShopDatabase, folder: Path, **sales: Any) -> Extraction:
    """An extraction that follows what changed, however small the tables are."""
    return Extraction(shop.settings(folder, incremental_rows=0, **sales), LARGE)


def full(shop: ShopDatabase, folder: Path, **sales: Any) -> Snapshot:
    """What reading everything finds."""
    return Extraction(shop.settings(folder / "full", full_after_days=0, **sales), LARGE).take()


def content(snapshot: Snapshot) -> dict[str, str]:
    """A digest of the rows of each table."""
    return {name: table.digest for name, table in snapshot.tables.items()}


def read_as_a_whole(before: Snapshot, after: Snapshot) -> set[str]:
    """The tables that were read as a whole between two snapshots."""
    marks = {name: (before.tables[name].watermark, table.watermark) for name, table in after.tables.items()}
    return {name for name, (old, new) in marks.items() if old and new and old.whole_at != new.whole_at}


class History:
    """Random changes of a shop's tables, some of them in transactions that stay open for a while."""

    def __init__(self, shop: ShopDatabase, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.open: list[Any] = []
        self.next_key = 1_000_000

    def change(self) -> None:
        """One change of one table, in a transaction of its own or in one that others began."""
        choices: list[Callable[[Any], None]] = [
            self._insert, self._insert, self._update, self._update, self._delete, self._move_key, self._put_back,
            self._update_with_savepoints, self._update_without_a_trace,
        ]  # fmt: skip
        if self.open and self.chance.random() < 0.3:
            self._end(self.open.pop(self.chance.randrange(len(self.open))))
            return
        connection = self.shop.connect()
        connection.autocommit = False
        with connection.cursor() as cursor:
            cursor.execute(WITHOUT_TRIGGERS)
            cursor.execute("SET lock_timeout = '50ms'")
            with suppress(psycopg2.errors.LockNotAvailable):
                self.chance.choice(choices)(cursor)
        if self.chance.random() < 0.3:
            self.open.append(connection)
        else:
            self._end(connection)

    def maintain(self) -> None:
        """What servers do to tables without changing their rows; locks may be in the way."""
        table = self.chance.choice(["payment", "rental", "film_actor"])
        connection = self.shop.connect()
        with connection.cursor() as cursor, suppress(psycopg2.errors.LockNotAvailable):
            cursor.execute("SET lock_timeout = '50ms'")
            cursor.execute(self.chance.choice([f"VACUUM FREEZE {table}", f"VACUUM FULL {table}", f"ANALYZE {table}"]))
        connection.close()

    def close(self) -> None:
        """Commit whatever is still open."""
        while self.open:
            self._end(self.open.pop())

    def _end(self, connection: Any) -> None:
        if self.chance.random() < 0.2:
            connection.rollback()
        else:
            connection.commit()
        connection.close()

    def _some(self, cursor: Any, table: str, key: str) -> tuple[int, ...]:
        cursor.execute(f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 400")
        keys = [row[0] for row in cursor.fetchall()]
        return tuple(self.chance.sample(keys, min(len(keys), self.chance.randint(1, 5))))

    def _insert(self, cursor: Any) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.next_key += 1
            cursor.execute(
                "INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date) "
                "VALUES (%s, %s, 1, 1, %s, '2007-03-01 10:00:00')",
                [self.next_key, self.chance.randint(1, 599), self.chance.randint(-500, 999) / 100],
            )

    def _update(self, cursor: Any) -> None:
        cursor.execute(
            "UPDATE payment SET amount = amount + 1 WHERE payment_id IN %s",
            [self._some(cursor, "payment", "payment_id") or (0,)],
        )

    def _update_without_a_trace(self, cursor: Any) -> None:
        """An update that carries an old last_update: no trigger renews it."""
        cursor.execute(
            "UPDATE rental SET return_date = '2006-01-01', last_update = '1999-01-01' WHERE rental_id IN %s",
            [self._some(cursor, "rental", "rental_id") or (0,)],
        )

    def _update_with_savepoints(self, cursor: Any) -> None:
        """Rows that a transaction's parts wrote carry numbers of their own; what a part took back is not there."""
        for number, key in enumerate(self._some(cursor, "rental", "rental_id")):
            cursor.execute(f"SAVEPOINT part_{number}")
            cursor.execute("UPDATE rental SET staff_id = 3 - staff_id WHERE rental_id = %s", [key])
            if number % 2:
                cursor.execute(f"ROLLBACK TO part_{number}")

    def _delete(self, cursor: Any) -> None:
        table, key = self.chance.choice([("payment", "payment_id"), ("rental", "rental_id"), ("film_actor", "film_id")])
        cursor.execute(f"DELETE FROM {table} WHERE {key} IN %s", [self._some(cursor, table, key) or (0,)])

    def _move_key(self, cursor: Any) -> None:
        self.next_key += 1
        keys = self._some(cursor, "payment", "payment_id")[:1]
        cursor.execute("UPDATE payment SET payment_id = %s WHERE payment_id IN %s", [self.next_key, keys or (0,)])

    def _put_back(self, cursor: Any) -> None:
        """Rows that are deleted and written again, unchanged."""
        cursor.execute("CREATE TEMP TABLE taken ON COMMIT DROP AS SELECT * FROM film_actor WHERE actor_id % 37 = 0")
        cursor.execute("DELETE FROM film_actor WHERE actor_id % 37 = 0")
        cursor.execute("INSERT INTO film_actor SELECT * FROM taken ON CONFLICT DO NOTHING")


@contextmanager
def history_of(shop: ShopDatabase, seed: int) -> Iterator[History]:
    """A history whose transactions end with it."""
    history = History(shop, seed)
    try:
        yield history
    finally:
        history.close()


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_it_holds_what_a_full_extraction_finds(seed: int, shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = incremental(shop, tmp_path)
    first = extraction.take()
    with history_of(shop, seed) as history:
        for _ in range(STEPS):
            for _ in range(CHANGES_A_STEP):
                history.change()
            history.maintain()
            assert content(extraction.take()) == content(full(shop, tmp_path))
    last = extraction.take()

    assert content(last) == content(full(shop, tmp_path)) != content(first)
    assert not read_as_a_whole(first, last)


def test_a_row_that_commits_late_is_not_missed(shop: ShopDatabase, tmp_path: Path) -> None:
    """The hole of every watermark: written before the first extraction, committed after it and after younger rows."""
    late = shop.connect()
    late.autocommit = False
    with late.cursor() as cursor:
        cursor.execute("SAVEPOINT part")  # so that the row carries a number of its own
        cursor.execute("UPDATE payment SET amount = 0.17 WHERE payment_id = 17503")
    shop.run("UPDATE payment SET amount = 0.18 WHERE payment_id = 17504")
    extraction = incremental(shop, tmp_path)
    first = extraction.take()
    shop.run("UPDATE payment SET amount = 0.19 WHERE payment_id = 17505")
    second = extraction.take()
    late.commit()
    late.close()

    third = extraction.take()

    paid = {str(amount) for (amount,) in extracted(third, "raw_payment", "amount")}
    assert {"0.1700", "0.1800", "0.1900"} <= paid
    assert content(third) == content(full(shop, tmp_path))
    assert not read_as_a_whole(first, second) | read_as_a_whole(second, third)


def test_what_did_not_change_keeps_its_object(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = incremental(shop, tmp_path)
    first = extraction.take()
    shop.run("UPDATE payment SET amount = amount WHERE payment_id % 7 = 0", "VACUUM FULL payment")
    shop.run("ALTER TABLE film_actor ADD COLUMN role text DEFAULT 'unknown to the contract'")

    second = extraction.take()

    assert second.tables["raw_film_actor"].added == ("role",)
    assert {name: table.file for name, table in second.tables.items()} == {
        name: table.file for name, table in first.tables.items()
    }
    assert not read_as_a_whole(first, second)


CHANGED_FORMS = {
    "a partition is attached, whose rows are older": (
        "CREATE TABLE payment_old (LIKE payment)",
        "INSERT INTO payment_old SELECT * FROM payment WHERE payment_date < '2007-03-01'",
        "DELETE FROM payment WHERE payment_date < '2007-03-01'",
        "ALTER TABLE payment RENAME TO payment_rest",
        "ALTER TABLE payment_rest ADD CHECK (payment_date >= '2007-03-01')",
        "CREATE TABLE payment (LIKE payment_old) PARTITION BY RANGE (payment_date)",
        "ALTER TABLE payment ATTACH PARTITION payment_rest FOR VALUES FROM ('2007-03-01') TO (MAXVALUE)",
        "-- extract",
        "ALTER TABLE payment ATTACH PARTITION payment_old FOR VALUES FROM (MINVALUE) TO ('2007-03-01')",
    ),
    "a column is dropped, and added again with other values": (
        "ALTER TABLE payment DROP COLUMN staff_id CASCADE",
        "ALTER TABLE payment ADD COLUMN staff_id integer DEFAULT 7",
    ),
    "another table takes the name": (
        "CREATE TABLE payment_new (LIKE payment INCLUDING ALL)",
        "INSERT INTO payment_new SELECT * FROM payment WHERE payment_id % 2 = 0",
        "-- extract",
        "ALTER TABLE payment RENAME TO payment_before",
        "ALTER TABLE payment_new RENAME TO payment",
    ),
    "a view takes the place": (
        "ALTER TABLE payment RENAME TO payment_kept",
        "CREATE VIEW payment AS SELECT * FROM payment_kept WHERE payment_id % 2 = 0",
    ),
    "keys are no longer unique": (
        "ALTER TABLE payment DROP CONSTRAINT payment_pkey",
        "INSERT INTO payment SELECT * FROM payment WHERE payment_id = 17503",
        "DELETE FROM payment WHERE payment_id = 17504",
    ),
    "the rows of a partition are taken out": (
        "CREATE TABLE payment_parts (LIKE payment) PARTITION BY RANGE (payment_date)",
        "CREATE TABLE payment_1 PARTITION OF payment_parts FOR VALUES FROM (MINVALUE) TO ('2007-03-01')",
        "CREATE TABLE payment_2 PARTITION OF payment_parts FOR VALUES FROM ('2007-03-01') TO (MAXVALUE)",
        "INSERT INTO payment_parts SELECT * FROM payment",
        "ALTER TABLE payment RENAME TO payment_before",
        "ALTER TABLE payment_parts RENAME TO payment",
        "-- extract",
        "ALTER TABLE payment DETACH PARTITION payment_1",
    ),
}
WITHOUT_READERS = "DROP VIEW sales_by_film_category, sales_by_store"


@pytest.mark.parametrize("statements", CHANGED_FORMS.values(), ids=CHANGED_FORMS)
def test_where_rows_do_not_tell_of_a_change_the_table_is_read_as_a_whole(
    statements: tuple[str, ...], shop: ShopDatabase, tmp_path: Path
) -> None:
    extraction = incremental(shop, tmp_path)
    shop.run(WITHOUT_READERS)
    before = extraction.take()
    for statement in statements:
        if statement == "-- extract":
            before = extraction.take()
        else:
            shop.run(statement)

    after = extraction.take()

    assert content(after) == content(full(shop, tmp_path)) != content(before)
    assert "raw_payment" in read_as_a_whole(before, after)


def test_rows_of_partitions_are_followed(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = incremental(shop, tmp_path)
    shop.run(WITHOUT_READERS, *CHANGED_FORMS["the rows of a partition are taken out"][:-2])
    before = extraction.take()
    shop.run(
        "UPDATE payment SET payment_date = payment_date + interval '20 days' WHERE payment_id % 50 = 0",
        "DELETE FROM payment_2 WHERE payment_id % 51 = 0",
        "INSERT INTO payment SELECT 1000000 + payment_id, 1, 1, 1, 5, payment_date FROM payment LIMIT 100",
    )

    after = extraction.take()

    assert content(after) == content(full(shop, tmp_path)) != content(before)
    assert not read_as_a_whole(before, after)


def test_another_way_of_reading_reads_everything(shop: ShopDatabase, tmp_path: Path) -> None:
    before = incremental(shop, tmp_path).take()

    after = incremental(shop, tmp_path, timezone="Europe/Berlin").take()

    assert content(after) == content(full(shop, tmp_path, timezone="Europe/Berlin"))
    assert read_as_a_whole(before, after) == set(after.tables)


def test_settings_choose_who_is_followed_and_how_long(shop: ShopDatabase, tmp_path: Path) -> None:
    chosen = shop.settings(tmp_path, incremental_rows=15_000)
    before = Extraction(chosen, LARGE).take()

    after = Extraction(chosen, LARGE).take()
    assert read_as_a_whole(before, after) == {"raw_payment", "raw_film_actor"}  # 14,596 and 5,462 rows
    assert read_as_a_whole(after, incremental(shop, tmp_path, full_after_days=0).take()) == set(after.tables)


def test_a_role_with_the_right_to_read_and_no_other_is_enough(shop: ShopDatabase, tmp_path: Path) -> None:
    shop.run("CREATE ROLE plain LOGIN PASSWORD 'reads only'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain")
    try:
        extraction = incremental(shop, tmp_path, user="plain", password="reads only")
        before = extraction.take()
        shop.run("UPDATE payment SET amount = 3 WHERE payment_id = 17503")
        after = extraction.take()
        assert content(after) == content(full(shop, tmp_path)) != content(before)
        assert not read_as_a_whole(before, after)
    finally:
        shop.run("DROP OWNED BY plain", "DROP ROLE plain")


def test_other_sums_than_those_that_were_held_are_no_unchanged_table(shop: ShopDatabase, tmp_path: Path) -> None:
    extraction = incremental(shop, tmp_path)
    before = extraction.take()
    path = extraction.folder / "snapshot.json"
    document = json.loads(path.read_text())
    (payments,) = (table for table in document["tables"] if table["name"] == "raw_payment")
    payments["measures"]["amount"]["sum"] = "1.00"
    path.write_text(json.dumps(document))

    after = extraction.take()

    assert read_as_a_whole(before, after) == {"raw_payment"}
    assert after.tables["raw_payment"].measures == before.tables["raw_payment"].measures
    assert content(after) == content(before)
