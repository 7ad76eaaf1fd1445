"""What extraction keeps to itself, what it may not read, and a connection that breaks off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retail_assets.settings import SalesSettings
from retail_assets.sources.postgres.connection import SourceError
from retail_assets_tests.servers.shop_database import RAW, ShopDatabase
from retail_assets_tests.sources.reading import extracted, objects

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
