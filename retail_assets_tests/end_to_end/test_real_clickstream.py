"""Real clickstreams through the public door: landed, built by a backfill, and held against the oracle row by row."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.backfill_report import BackfillReport
from retail_assets.definitions import platform_definitions
from retail_assets.settings import Settings
from retail_assets_tests.oracles.clickstream import Oracle
from retail_assets_tests.oracles.comparison import (
    assert_agrees,
    books,
    keyed,
    published_bytes,
    read_received,
    rules_of,
    table,
)

NOW = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Built:
    """A platform after its first backfill, what that backfill reported, and what the oracle says."""

    platform: Platform
    backfill: Backfill
    report: BackfillReport
    oracle: Oracle


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """All real files of the shared folder, taken in and built once for the tests of this module."""
    folder = tmp_path_factory.mktemp("real")
    settings = Settings(data_dir=folder / "data", as_of=NOW.replace(tzinfo=UTC), threads=2, memory_limit_mb=1024)
    platform = Platform.local(settings)
    sources = sorted((shared_data / "clickstream").glob("*.csv"))
    settings.landing_dir.mkdir(parents=True)
    for source in sources:
        shutil.copyfile(source, settings.landing_dir / source.name)
    oracle = Oracle(tuple(map(read_received, sources)), rules_of(platform, NOW))
    with dg.DagsterInstance.ephemeral(tempdir=str(folder)) as instance:
        backfill = Backfill(platform, platform_definitions(settings), instance)
        yield Built(platform, backfill, backfill.run(), oracle)


def test_the_backfill_succeeds_and_makes_every_date(built: Built) -> None:
    assert built.report.succeeded
    assert len(built.report.files) == 3
    assert built.report.dates == tuple(day.isoformat() for day in sorted(built.oracle.dates))
    assert all(stage.made and not stage.up_to_date for stage in built.report.stages)


def test_every_dataset_agrees_with_the_oracle_row_by_row(built: Built) -> None:
    assert_agrees(built.platform, built.oracle)


def test_the_totals_agree(built: Built) -> None:
    received = sum(len(file.rows) for file in built.oracle.files)
    found = books(table(built.platform, "data_quality"))
    cleaning = {reason: rows for reason, rows in built.oracle.rows_by_reason().items() if reason != "received"}

    assert (
        sum(rows for (_, stage, reason), rows in found.items() if (stage, reason) == ("landing", "received"))
        == received
    )
    assert {reason: count(found, reason) for reason in cleaning} == cleaning
    assert sum(cleaning.values()) == count(found, "received") == received


def test_the_files_hold_what_real_files_hold(built: Built) -> None:
    """The cases that these files are here for do occur in them."""
    assert {"clean", "duplicate", "excluded"} <= built.oracle.rows_by_reason().keys()
    assert any(event.brand is None for event in built.oracle.clean_events)
    assert any(event.category_code is None for event in built.oracle.clean_events)


def test_products_add_up_to_all_clean_events(built: Built) -> None:
    aggregates = keyed(built.platform.settings.lake_dir, "daily_aggregates")
    products = [row for grain, row in aggregates.items() if grain.key_type == "product_id"]

    events = sum(row["views_t"] + row["carts_t"] + row["purchases_t"] for row in products)
    assert events == built.oracle.clean_events.total()
    bought = (event.price * n for event, n in built.oracle.clean_events.items() if event.event_type == "purchase")
    assert sum(row["revenue_t"] for row in products) == sum(bought)


def test_a_second_backfill_makes_nothing(built: Built) -> None:
    before = published_bytes(built.platform)

    again = built.backfill.run()

    assert again.succeeded
    assert [(stage.step, stage.made) for stage in again.stages if stage.made] == []
    assert published_bytes(built.platform) == before


def count(found: Counter[tuple[date | None, str, str]], reason: str) -> int:
    """Rows of a reason at cleaning, over all dates."""
    return sum(rows for (_, stage, at), rows in found.items() if (stage, at) == ("cleaning", reason))
