"""`retail forget`: nothing names the customer afterwards, sums are as they were, and no extraction brings them back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retail_assets.assets.forgetting import traces_of
from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.building import rows
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.servers.shop_database import ShopDatabase

CUSTOMER = "987654321"
TRACES = (CUSTOMER, "Zyxwvutsrq", "0zyx@example.com", "5 Forgotten Lane", "555-987654")
"""Texts that only this customer has anything to do with."""
PERSON = (
    "SET session_replication_role = replica",
    f"UPDATE customer SET customer_id = {CUSTOMER}, first_name = 'Zyxwvutsrq', email = '0zyx@example.com' "
    "WHERE customer_id = 5",
    f"UPDATE payment SET customer_id = {CUSTOMER} WHERE customer_id = 5",
    f"UPDATE rental SET customer_id = {CUSTOMER} WHERE customer_id = 5",
    "UPDATE address SET address = '5 Forgotten Lane', phone = '555-987654' "
    f"WHERE address_id = (SELECT address_id FROM customer WHERE customer_id = {CUSTOMER})",
    f"INSERT INTO payment VALUES (2000001, {CUSTOMER}, 1, 1, 3.99, '1999-01-01'), "
    f"(2000002, {CUSTOMER}, 1, 1, -0.99, '2019-11-02 10:00')",
    "CREATE INDEX by_email ON customer (email)",
    "CLUSTER customer USING by_email",  # the first rows are those that previews show
)
CUTS = {
    "sales_by_category": "date, category, payments, gross_amount, refunds, net_amount, customers",
    "sales_by_region": "date, sum(payments), sum(gross_amount), sum(refunds), sum(net_amount)",
    "rejected_sales": "source_table, source_key, reason, amount",
}


@pytest.fixture
def platform(small_shop: ShopDatabase, data_dir: Path, retail: Retail, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform that holds the shop, with one customer who stands out, as it is."""
    connection = small_shop.connect()
    with connection.cursor() as cursor:
        for statement in PERSON:
            cursor.execute(statement)
    connection.close()
    chosen = small_shop.environment(personal_data="keep", incremental_rows="0")
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    assert retail("backfill").code == 0
    return Platform.of(Settings(data_dir=data_dir))


def held(platform: Platform) -> dict[str, int]:
    """The rows that name the customer, by dataset."""
    return {trace.dataset: trace.rows for trace in traces_of(platform, CUSTOMER)}


def sums(platform: Platform) -> dict[str, list[tuple[Any, ...]]]:
    """What must not change: all of the cuts but which region a payment belongs to."""
    return {
        name: sorted(tuple(row.values()) for row in rows(platform, f"SELECT {columns} FROM {name} GROUP BY ALL", name))
        for name, columns in CUTS.items()
    }


def found_in_files(folder: Path) -> list[str]:
    """Every file below the folder that holds one of the texts, in the clear or inside of Parquet."""
    found = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += repr(duckdb.sql(f"FROM read_parquet('{path}')").fetchall()).encode()
        found += [f"{path.relative_to(folder)}: {text}" for text in TRACES if text.encode() in content]
    return found


def test_a_customer_is_forgotten_everywhere_and_stays_so(
    platform: Platform, small_shop: ShopDatabase, retail: Retail, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sums_before, folder = held(platform), sums(platform), platform.settings.data_dir
    assert set(before) == {
        "raw_customer", "raw_payment", "raw_rental", "joined_sales", "rejected_sales", "sales", "customer_value",
        "warehouse.sales", "warehouse.customer_value",
    }  # fmt: skip
    assert all(before.values())
    assert [found for found in found_in_files(folder) if found.startswith("warehouse.duckdb: ")]

    with monkeypatch.context() as without_database:
        without_database.setenv("RETAIL_SALES_PASSWORD", "no longer the right one")
        done = retail("forget", CUSTOMER, "--format", "json")

    assert done.code == 0, done.err
    assert {row["dataset"]: (row["rows"], row["left"]) for row in done.json} == {n: (c, 0) for n, c in before.items()}
    assert found_in_files(folder) == []
    assert sums(platform) == sums_before
    worth = rows(
        platform, "SELECT payments, region FROM customer_value WHERE customer_id = 'forgotten'", "customer_value"
    )
    assert worth == [{"payments": before["sales"], "region": "unknown"}]

    # The source still has the customer, who goes on paying and moves.
    small_shop.run(
        "UPDATE customer SET last_name = 'Moved'",
        "UPDATE address SET district = 'Elsewhere' WHERE phone = '555-987654'",
        f"INSERT INTO payment VALUES (2000003, {CUSTOMER}, 1, 1, 2.50, '2019-11-03 10:00')",
    )
    assert retail("backfill").code == 0
    assert not any(held(platform).values())
    assert found_in_files(folder) == []
    paid = small_shop.rows("SELECT sum(amount) FROM payment WHERE payment_date >= '2005-01-01'")[0][0]
    assert rows(platform, "SELECT sum(net_amount) AS net FROM sales_by_region", "sales_by_region") == [{"net": paid}]

    again = retail("forget", CUSTOMER)
    assert again.code == 0
    assert "No customer of this identifier is known here" in again.err


def test_what_was_extracted_is_read_again_where_it_is_gone(platform: Platform, retail: Retail) -> None:
    shutil.rmtree(platform.settings.extraction_dir)

    assert retail("forget", CUSTOMER).code == 0

    assert not any(held(platform).values())
    assert found_in_files(platform.settings.data_dir) == []


def test_a_stage_that_fails_is_told_by_the_exit_code(
    platform: Platform, retail: Retail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_MARTS_DIR", str(platform.settings.data_dir / "marts"))
    marts = platform.settings.data_dir / "marts"
    marts.mkdir()
    (marts / "broken.sql").write_text("SELECT")

    done = retail("forget", CUSTOMER)

    assert done.code == 1
    assert "broken" in done.err
    assert not any(held(platform).values())


def test_without_a_shop_there_is_nobody_to_forget(data_dir: Path, retail: Retail) -> None:
    done = retail("forget", "5")

    assert done.code == 1
    assert "RETAIL_SALES_HOST" in done.err
    assert not (data_dir / "forgotten.json").exists()
