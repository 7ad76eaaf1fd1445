"""Incremental extraction: what it ends with is what a full extraction finds, whatever happened in between."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retail_assets.contracts import contract
from retail_assets.sources.postgres.extraction import Extraction
from retail_assets.sources.postgres.snapshot import Snapshot
from retail_assets_tests.servers.shop_database import ShopDatabase
from retail_assets_tests.sources.history import history_of
from retail_assets_tests.sources.reading import extracted

LARGE = tuple(contract(f"raw_{name}") for name in ("payment", "rental", "film_actor"))
"""Two tables with a key of one column, one with a key of two."""
STEPS, CHANGES_A_STEP = 6, 8


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
