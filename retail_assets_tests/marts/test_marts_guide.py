"""The worked examples of docs/marts.md, done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.marts import readable
from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill import Backfill
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets.marts.drafting import draft_contract
from retail_assets.settings import Settings
from retail_assets.sources.synthetic_shop.database import fill_shop_database
from retail_assets_tests.building import rows
from retail_assets_tests.end_to_end.running import START, days, land_days
from retail_assets_tests.servers.shop_database import ShopDatabase, copy_of

GUIDE = (Path(__file__).parents[2] / "docs" / "marts.md").read_text(encoding="utf-8")
DATES = days("2019-10-01", 9)


def example(file: str) -> str:
    """The text of a file as the guide shows it."""
    (found,) = re.findall(rf"`marts/{file}`[^\n]*:\n```\w+\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def write(settings: Settings, *files: str) -> None:
    settings.marts_dir.mkdir(exist_ok=True)
    for file in files:
        (settings.marts_dir / file).write_text(example(file), encoding="utf-8")


def built(settings: Settings) -> Platform:
    """The platform after a backfill that made everything."""
    platform = Platform.local(settings)
    with dg.DagsterInstance.ephemeral(tempdir=str(settings.data_dir)) as instance:
        report = Backfill(platform, platform_definitions(settings), instance).run()
    assert report.succeeded, [stage.reasons for stage in report.stages if stage.reasons]
    return platform


def test_the_products_that_sold_most_in_seven_days(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", marts_dir=tmp_path / "marts", start_date=START, threads=2, memory_limit_mb=512
    )
    land_days(Platform.local(settings), DATES)
    write(settings, "weekly_top_products.sql", "weekly_top_products.yaml")

    platform = built(settings)

    sold = rows(
        platform,
        "SELECT date, product_id, count(*) AS n FROM clean_events WHERE event_type = 'purchase' GROUP BY ALL",
        "clean_events",
    )
    lake = platform.stores["lake"]
    found: dict[str, list[tuple[int, str, int]]] = {}
    for row in lake.dataset(contract("weekly_top_products")).to_arrow().to_pylist():
        found.setdefault(row["date"].isoformat(), []).append((row["place"], row["product_id"], row["purchases"]))
    assert sorted(found) == DATES
    for day, ranked in found.items():
        assert ranked == _ranking(sold, date.fromisoformat(day))


def _ranking(sold: list[dict[str, Any]], last: date) -> list[tuple[int, str, int]]:
    """What the mart says in a sentence, computed without SQL."""
    totals: dict[str, int] = {}
    for row in sold:
        if last - timedelta(days=6) <= row["date"] <= last:
            totals[row["product_id"]] = totals.get(row["product_id"], 0) + row["n"]
    best = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:10]
    return [(place, product, count) for place, (product, count) in enumerate(best, 1)]


@pytest.fixture
def shop(postgres: Any) -> Iterator[ShopDatabase]:
    """A synthetic shop of three days."""
    ShopDatabase(postgres, "postgres").run("CREATE DATABASE shop_of_the_guide")
    connection = postgres.connect("shop_of_the_guide")
    fill_shop_database(connection, date(2019, 11, 1), date(2019, 11, 3))
    connection.close()
    with copy_of(postgres, "shop_of_the_guide") as database:
        yield database


def describe(settings: Settings, name: str) -> None:
    """Write the contract that fits a mart's SQL."""
    known = {item.contract.name: item.contract for item in readable(steps_of(settings))}
    text = draft_contract(settings.marts_dir / f"{name}.sql", known)
    (settings.marts_dir / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_customers_joined_with_what_they_paid(shop: ShopDatabase, tmp_path: Path) -> None:
    settings = shop.settings(tmp_path / "data").model_copy(update={"marts_dir": tmp_path / "marts"})
    write(settings, "sales_by_customer_country.sql")
    describe(settings, "sales_by_customer_country")
    (settings.marts_dir / "new_customers.sql").write_text(
        "SELECT country, sum(new_customers)::BIGINT AS customers FROM sales_by_customer_country GROUP BY country"
    )
    describe(settings, "new_customers")

    platform = built(settings)

    paid = shop.rows("SELECT sum(amount), count(*), count(DISTINCT customer_id) FROM payment")[0]
    lake = platform.stores["lake"]
    by_day = lake.dataset(contract("sales_by_customer_country")).to_arrow().to_pylist()
    assert (sum(row["net_amount"] for row in by_day), sum(row["payments"] for row in by_day)) == paid[:2]
    assert {row["date"].isoformat() for row in by_day} == {"2019-11-01", "2019-11-02", "2019-11-03"}
    customers = lake.dataset(contract("new_customers")).to_arrow().to_pylist()
    assert sum(row["customers"] for row in customers) == paid[2]
