"""The synthetic shop: a truth that a recount in plain Python confirms, and plans that cannot be."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from retail_assets.sources import synthetic_shop
from retail_assets.sources.synthetic_shop import ShopTruth, generate_shop
from retail_assets_tests.oracles.shop_recount import Recount, assert_agree, rows_of
from retail_assets_tests.sources.feed import SMALL

REJECTS = (
    "bad_event_time",
    "future_event",
    "too_old",
    "unknown_event_type",
    "missing_product_id",
    "missing_user_id",
    "bad_identifier",
    "invalid_price",
)


# The truth


def test_truth_agrees_with_a_recount(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert_agree(truth, folder)


def test_truth_lists_the_files(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert [entry.name for entry in truth.files] == [
        f"events_{day}.csv" for day in ("2020-02-27", "2020-02-28", "2020-02-29", "2020-03-01", "2020-03-02")
    ]
    for entry in truth.files:
        file = folder / entry.name
        assert (entry.rows, entry.bytes) == (len(rows_of(file)), file.stat().st_size)
    assert truth.rows == sum(entry.rows for entry in truth.files) == SMALL.events


def test_truth_file_gives_the_truth_again(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".csv") == [SMALL.truth_name]
    assert ShopTruth.read(folder / SMALL.truth_name) == truth


def test_books_balance(small: tuple[Path, ShopTruth]) -> None:
    landing, cleaning = small[1].totals("landing"), small[1].totals("cleaning")
    assert landing.pop("received") == SMALL.events
    assert cleaning.pop("received") == SMALL.events - sum(landing.values()) == sum(cleaning.values())


def test_bad_rows_come_in_the_share_asked_for(small: tuple[Path, ShopTruth]) -> None:
    totals = small[1].totals("landing") | small[1].totals("cleaning")
    bad = sum(totals[reason] for reason in (*REJECTS, "duplicate"))
    assert bad / SMALL.events == pytest.approx(SMALL.bad_share, rel=0.05)


def test_every_kind_of_bad_row_occurs_in_a_thousand_events(tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, events=1000, bad_share=1e-9), tmp_path)
    totals = truth.totals("landing") | truth.totals("cleaning")
    assert all(totals[reason] > 0 for reason in (*REJECTS, "excluded", "duplicate"))
    assert_agree(truth, tmp_path)


def test_oddities_are_counted_and_kept(small: tuple[Path, ShopTruth]) -> None:
    folder, truth = small
    clean = Recount(folder).clean
    odd = {
        "event_type_spelling": lambda row: row["event_type"] not in ("view", "cart", "purchase"),
        "brand_spelling": lambda row: row["brand"] != row["brand"].lower().strip().rstrip("\u200b"),
        "category_spelling": lambda row: row["category_code"] != row["category_code"].strip(),
        "padded_price": lambda row: row["price"] != row["price"].strip(),
        "time_offset": lambda row: not row["event_time"].endswith(" UTC"),
    }
    assert {name: sum(map(is_odd, clean)) for name, is_odd in odd.items()} == pytest.approx(truth.oddities, abs=0)


def test_clean_feed(tmp_path: Path) -> None:
    truth = generate_shop(replace(SMALL, bad_share=0), tmp_path)
    assert truth.totals("landing") == {"received": SMALL.events}
    assert truth.totals("cleaning") == {"received": SMALL.events, "clean": SMALL.events}
    assert truth.oddities == {}
    assert_agree(truth, tmp_path)


@pytest.mark.parametrize("events", [1, 10, 999])
def test_tiny_feeds(tmp_path: Path, events: int) -> None:
    truth = generate_shop(replace(SMALL, events=events), tmp_path)
    assert truth.rows == events
    assert_agree(truth, tmp_path)


def test_import_is_light() -> None:
    code = "import sys, retail_assets.sources.synthetic_shop; sys.exit('duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# The plan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": 0}, "events must be between 1 and"),
        ({"end": date(2020, 2, 26)}, "is before start"),
        ({"start": date(1999, 12, 31)}, "must lie between"),
        ({"end": date(2100, 1, 1)}, "must lie between"),
        ({"start": datetime(2020, 2, 27)}, "without a time"),
        ({"products": 9}, "products must be between"),
        ({"file_format": "json"}, "file_format must be one of"),
        ({"per_file": "week"}, "per_file must be one of"),
        ({"bad_share": -0.1}, "bad_share must be between"),
        ({"bad_share": 0.5}, "bad_share must be between"),
        ({"bad_share": float("nan")}, "bad_share must be between"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"events": 1e6}, "events must be a whole number"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)  # type: ignore[arg-type]


def test_catalogue_grows_with_the_feed() -> None:
    assert replace(SMALL, events=42_448_764).catalogue_size == pytest.approx(166_794, rel=0.01)
    assert replace(SMALL, products=50).catalogue_size == 50


def test_public_door() -> None:
    assert set(synthetic_shop.__all__) >= {"ShopPlan", "ShopTruth", "generate_shop"}
