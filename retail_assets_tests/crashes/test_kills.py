"""D65: kill -9 at any instant. Readers see the old or the new, never a mixture; the next run repairs.

Two campaigns over landing and every step. In the first, kills fall at random instants, spread evenly over a run and its
rerun. In the second each kill falls just before a certain change on the disk, so that all kinds of them are covered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
SEED = 20191001
RANDOM_KILLS = int(os.environ.get("RETAIL_TEST_KILLS", "100"))
"""They take about two minutes on two idle cores; the other campaign adds more than a hundred of its own."""


def campaign(folder: Path, kind: str, kills: int) -> list[dict[str, Any]]:
    """What each trial found."""
    done = subprocess.run(
        [sys.executable, "-m", "retail_assets_tests.crashes.campaign", str(folder), kind, str(kills), str(SEED)],
        cwd=PROJECT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process that is forked shall have no threads
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def require_right(outcomes: list[dict[str, Any]]) -> list[str]:
    """Nothing was wrong in any trial; returns where the kills fell."""
    wrong = [f"{outcome['name']}: {text}" for outcome in outcomes for text in outcome["wrong"]]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(text[-3000:] for text in wrong[:5])
    return [place for outcome in outcomes for place in outcome["fell"]]


def test_kills_at_random_instants(tmp_path: Path) -> None:
    outcomes = campaign(tmp_path, "random", RANDOM_KILLS)

    fell = require_right(outcomes)
    observations = sum(outcome["observations"] for outcome in outcomes)
    print(f"{len(fell)} kills, {observations} observations: {Counter(fell).most_common()}")
    assert len(fell) >= RANDOM_KILLS
    assert observations > len(fell)


def test_kills_before_every_kind_of_change_on_the_disk(tmp_path: Path) -> None:
    outcomes = campaign(tmp_path, "chained", 1000)

    fell = require_right(outcomes)
    missed = [place for outcome in outcomes for place in outcome["missed"]]
    print(f"{len(fell)} kills: {Counter(place.split(':')[0] for place in fell).most_common()}; missed {missed}")
    places = "\n".join(fell)
    for call in ("replace landing/#.csv", "rename parts/", "link ledger/", "replace raw_events/_publishing.json"):
        assert call in places
    for dataset in ("raw_events", "clean_events", "rejected_events", "daily_aggregates", "features", "daily_views"):
        assert f"publishing parquet {dataset}: replace date=/data.parquet (1)" in places
        assert f"publishing parquet {dataset}: replace {dataset}/_manifest.json (1)" in places
    assert "publishing duckdb features: replace data/warehouse.duckdb (1)" in places
    assert len(missed) < len(fell) / 10
