"""The worked example of the documentation, computed both ways: its numbers are those of pandas and of our features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import build, event, land
from retail_assets_tests.oracles.comparison import keyed

PAGE = Path(__file__).parents[2] / "docs" / "differences_from_the_published_pipeline.md"
COLUMNS = ("purchases_t-1", "purchases_t-7", "MA7", "conv_rate")
NO_ROW = "–"


def documented() -> list[list[str]]:
    """The rows of the example: date, views, purchases, then old and new of each column."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| 2019-")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def as_published() -> pd.DataFrame:
    """The published rules, row by row over the days on which the key has an event."""
    observed = [(day, int(views), int(bought)) for day, views, bought, old, *_ in documented() if old != NO_ROW]
    frame = pd.DataFrame(observed, columns=["date", "views_t", "purchases_t"]).set_index("date")
    frame["purchases_t-1"] = frame["purchases_t"].shift(1)
    frame["purchases_t-7"] = frame["purchases_t"].shift(7)
    frame["MA7"] = frame["purchases_t"].rolling(7, min_periods=1).mean()
    frame["conv_rate"] = frame["purchases_t"] / frame["views_t"]
    return frame.fillna(0)


def as_ours(platform: Platform) -> dict[str, dict[str, Any]]:
    """Our features of the same events. Another product has an event on every date that the dataset has."""
    received = []
    for day, views, bought, *_ in documented():
        kinds = ["view"] * int(views) + ["purchase"] * int(bought)
        received += [event(event_time=f"{day} 12:00:{n:02d} UTC", event_type=kind) for n, kind in enumerate(kinds)]
        received.append(event(event_time=f"{day} 12:00:00 UTC", product_id="another"))
    received.append(event(event_time="2019-10-09 12:00:00 UTC", event_type="cart"))
    land(platform, "a.csv", received)
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")
    found = keyed(platform.settings.lake_dir, "features")
    return {str(grain.date): row for grain, row in found.items() if grain.key_value == event()["product_id"]}


def written(name: str, value: Any) -> str:
    """A value as the page writes it."""
    if value is None:
        return "NULL"
    return f"{value:.0f}" if name.startswith("purchases") else f"{value:.2f}"


def test_the_old_numbers_are_those_of_pandas() -> None:
    frame = as_published()
    expected = {str(day): [written(name, row[name]) for name in COLUMNS] for day, row in frame.iterrows()}

    assert {row[0]: row[3::2] for row in documented() if row[3] != NO_ROW} == expected


def test_the_new_numbers_are_those_of_our_features(platform: Platform) -> None:
    features = as_ours(platform)

    assert {row[0]: row[4::2] for row in documented()} == {
        day: [written(name, row[name]) for name in COLUMNS] for day, row in features.items()
    }
    assert {row[0]: (int(row[1]), int(row[2])) for row in documented()} == {
        day: (row["views_t"], row["purchases_t"]) for day, row in features.items()
    }
