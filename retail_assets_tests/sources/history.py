"""A random history of a shop's tables, for extractions to follow."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2

from retail_assets_tests.servers.shop_database import ShopDatabase

WITHOUT_TRIGGERS = "SET session_replication_role = replica"


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
