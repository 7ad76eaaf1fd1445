"""The whole synthetic shop: the same rows for the same plan, and one truth in database and files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.declared_sources import declared_days
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import of_dates
from retail_assets.inspection.views import open_views
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.settings import Settings
from retail_assets.sources.declared.source import read_sources
from retail_assets.sources.synthetic_shop.whole import TABLES, WholeShop, fill_database, open_shop, write_exports
from retail_assets_tests.servers.shop_database import RAW, ShopDatabase

SHOP = WholeShop(60, 30, 900, date(2024, 2, 20), date(2024, 3, 10), seed=7)


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _written(shop: WholeShop, folder: Path) -> dict[str, str]:
    with open_shop(shop) as connection:
        write_exports(connection, folder)
    return _digests(folder)


def test_the_same_plan_gives_the_same_bytes_and_another_seed_another_shop(tmp_path: Path) -> None:
    first = _written(SHOP, tmp_path / "first")

    assert _written(SHOP, tmp_path / "again") == first
    other = _written(replace(SHOP, seed=8), tmp_path / "other")
    assert first["customers/customers.csv"] != other["customers/customers.csv"]
    assert first["transactions/transactions-2024-03.csv"] != other["transactions/transactions-2024-03.csv"]


def test_a_shorter_shop_in_the_same_folder_leaves_nothing_of_the_longer_one(tmp_path: Path) -> None:
    shorter = replace(SHOP, first=date(2024, 3, 1))
    _written(SHOP, tmp_path / "used")

    assert _written(shorter, tmp_path / "used") == _written(shorter, tmp_path / "fresh")


def test_what_is_written_is_declared_and_becomes_datasets_that_fit_together(tmp_path: Path, settings: Settings) -> None:
    _written(SHOP, tmp_path / "shop")
    settings = settings.model_copy(update={"sources_file": tmp_path / "shop" / "sources.yaml"})
    platform = Platform.of(settings)
    names = [source.name for source in read_sources(settings.sources_file).sound]
    for name in names:
        platform.intake(name).take()
    for step in steps_of(settings):
        if step.outputs[0] in names:
            days = of_dates(step.partitioning, declared_days(platform, step))
            made = list(materialize(platform, step, platform.inputs(step), days))
            assert all(item.published for item in made)

    with open_views(platform) as connection:
        sold, known, listed, sent = connection.execute("""
            SELECT count(*), count(customers.customer_id), count(title), count(shipment_id)
            FROM transactions
            LEFT JOIN customers USING (customer_id)
            LEFT JOIN catalogue USING (product_id)
            LEFT JOIN shipping USING (transaction_id)""").fetchall()[0]
        ((refunds,),) = connection.execute("SELECT count(*) FROM transactions WHERE kind = 'refund'").fetchall()
        ((strangers,),) = connection.execute(
            "SELECT count(*) FROM user_activity ANTI JOIN customers USING (customer_id)"
        ).fetchall()
    assert sold == known == listed == sent + refunds > 800
    assert strangers == 0


@pytest.fixture
def empty(postgres: PostgresServer) -> ShopDatabase:
    ShopDatabase(postgres, "postgres").run(
        "DROP DATABASE IF EXISTS whole_shop WITH (FORCE)", "CREATE DATABASE whole_shop"
    )
    return ShopDatabase(postgres, "whole_shop")


def test_the_database_holds_the_same_shop_and_can_be_extracted(
    empty: ShopDatabase, tmp_path: Path, settings: Settings
) -> None:
    with open_shop(SHOP) as connection:
        counted = fill_database(connection, empty.connect())
        write_exports(connection, tmp_path)

    assert list(counted) == list(TABLES)
    files = f"read_csv('{tmp_path}/transactions/*.csv', types = {{'amount': 'DECIMAL(10,2)'}})"
    told = duckdb.sql(f"SELECT count(*), sum(amount)::VARCHAR FROM {files}").fetchone()
    assert empty.rows("SELECT count(*), sum(amount)::text FROM payment") == [told]
    named = duckdb.sql(
        f"SELECT first_name, email FROM '{tmp_path}/customers/customers.csv' ORDER BY customer_id"
    ).fetchall()
    assert empty.rows("SELECT first_name, email FROM customer ORDER BY customer_id") == named
    snapshot = empty.extraction(settings.data_dir).take()
    assert {name: table.rows for name, table in snapshot.tables.items()} == {
        contract.name: counted[contract.name.removeprefix("raw_")] for contract in RAW
    }


def test_a_database_that_is_not_empty_is_left_alone(empty: ShopDatabase) -> None:
    with open_shop(SHOP) as connection:
        fill_database(connection, empty.connect())
        with pytest.raises(ValueError, match="holds a shop already"):
            fill_database(connection, empty.connect())

    assert empty.rows("SELECT count(*) FROM customer") == [(SHOP.customers,)]
