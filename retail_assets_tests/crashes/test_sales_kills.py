"""D65 for a shop: kill -9 at any instant of extraction, of sales and of forgetting a customer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retail_assets_tests.servers.shop_database import ShopDatabase

PROJECT = Path(__file__).parents[2]
SEED, RANDOM_KILLS = 20191101, int(os.environ.get("RETAIL_TEST_KILLS", "4"))
PLACES = {
    "follow": ("extraction: replace objects/", "extraction: replace .extraction/snapshot.json", "warehouse_sales:"),
    "forget": ("extraction: replace data/forgotten.json", "extraction: unlink objects/", "rewriting: replace"),
}
"""Changes before which a kill must have fallen, of what is done."""


@pytest.mark.parametrize("kind", PLACES)
def test_a_kill_leaves_the_old_or_the_new_and_the_next_run_ends_as_if_nothing_had_been(
    kind: str, small_shop: ShopDatabase, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "retail_assets_tests.crashes.sales_campaign",
            tmp_path,
            kind,
            str(RANDOM_KILLS),
            str(SEED),
        ],
        env={**os.environ, **small_shop.environment(incremental_rows="0"), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [text for outcome in outcomes for text in outcome["wrong"]]
    fell = [change for outcome in outcomes for change in outcome["fell"]]
    missing = [place for place in PLACES[kind] if not any(change.startswith(place) for change in fell)]
    assert not missing, fell
