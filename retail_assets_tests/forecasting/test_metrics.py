"""Metrics against an implementation by other people, and WRMSSE against one by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import utilsforecast.losses as theirs

from retail_assets.forecasting.demand_class import demand_classes
from retail_assets.forecasting.hierarchy import hierarchy
from retail_assets.forecasting.metrics import Outcome, Scales
from retail_assets_tests.forecasting.panels import panel_of, shop
from retail_assets_tests.oracles.weighted_errors import wrmsse

HORIZON = 28


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    panel = shop(90, 300)
    history = panel.until(272)
    chance = np.random.default_rng(5)
    actual = panel.demand[panel.begins < 272, 272:].astype(float)
    mean = actual * chance.uniform(0.3, 1.6, actual.shape) + chance.uniform(0, 1, actual.shape)
    return Outcome(Scales(history), actual, mean, mean * 0.5, mean * 1.4)


def _long(outcome: Outcome) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What came with what was said, and the history since each series began."""
    history = outcome.scales.history
    past = pd.DataFrame(
        [
            (unique_id, pd.Timestamp(history.date_of(day)), float(history.demand[row, day]))
            for row, (unique_id, begins) in enumerate(zip(history.ids, history.begins, strict=True))
            for day in range(begins, history.days)
        ],
        columns=["unique_id", "ds", "y"],
    )
    parts = (outcome.actual, outcome.mean, outcome.lower, outcome.upper)
    ahead = pd.DataFrame(
        [
            (unique_id, pd.Timestamp(history.date_of(history.days + day)), *(float(part[row, day]) for part in parts))
            for row, unique_id in enumerate(history.ids)
            for day in range(HORIZON)
        ],
        columns=["unique_id", "ds", "y", "model", "model-lo-80", "model-hi-80"],
    )
    return past, ahead


def test_accuracy_agrees_with_utilsforecast(outcome: Outcome) -> None:
    past, ahead = _long(outcome)
    found = outcome.accuracy()

    assert found.rmsse == pytest.approx(theirs.rmsse(ahead, ["model"], seasonality=1, train_df=past)["model"].mean())
    assert found.mase == pytest.approx(theirs.mase(ahead, ["model"], seasonality=7, train_df=past)["model"].mean())
    assert found.coverage == pytest.approx(theirs.coverage(ahead, ["model"], level=80)["model"].mean())
    assert found.bias == pytest.approx((ahead["model"] - ahead["y"]).sum() / ahead["y"].sum())
    errors = theirs.mae(ahead, ["model"])["model"].sum() * HORIZON
    assert found.wmape == pytest.approx(errors / ahead["y"].sum())


def test_wrmsse_agrees_with_a_plain_implementation(outcome: Outcome) -> None:
    stores = np.array(["a", "b", "c"])[outcome.scales.history.groups["store"]]

    expected = wrmsse(outcome.scales.history.demand, outcome.actual, outcome.mean, [[], ["store"], ["id"]], {
        "store": stores.tolist(), "id": outcome.scales.history.ids.tolist(),
    })  # fmt: skip

    assert outcome.wrmsse() == pytest.approx(expected)


def test_prices_weigh_the_series(outcome: Outcome) -> None:
    prices = np.full(outcome.scales.history.demand.shape, 2.0)
    prices[0] = 2000
    same = Outcome(_priced(outcome, np.full_like(prices, 3.0)), outcome.actual, outcome.mean)
    dear = Outcome(_priced(outcome, prices), outcome.actual, outcome.mean)

    assert same.wrmsse() == pytest.approx(outcome.wrmsse())
    assert dear.wrmsse() != pytest.approx(outcome.wrmsse())


def _priced(outcome: Outcome, prices: np.ndarray) -> Scales:
    return Scales(replace(outcome.scales.history, prices=prices))


def test_the_hierarchy_of_five_columns_has_the_twelve_levels_of_m5() -> None:
    stores = {
        f"{state}_{number}": state for state, count in (("CA", 4), ("TX", 3), ("WI", 3)) for number in range(count)
    }
    items = [(cat, f"{cat}_{dept}", f"{cat}_{dept}_{item}") for cat in "FGH" for dept in range(2) for item in range(3)]
    rows = [(*item, store, state) for item in items for store, state in stores.items()]
    cat, dept, item, store, state = map(list, zip(*rows, strict=True))
    columns = {"item": item, "dept": dept, "cat": cat, "store": store, "state": state}

    levels = hierarchy(panel_of([[1]] * len(rows), columns))

    assert sorted(level.count for level in levels) == sorted([1, 3, 10, 3, 6, 9, 18, 30, 60, 18, 54, 180])


def test_an_empty_outcome_has_no_figures() -> None:
    history = panel_of([[0, 0, 0]])
    found = Outcome(Scales(history), np.zeros((1, 2)), np.zeros((1, 2))).accuracy()

    assert (found.wmape, found.rmsse, found.mase, found.bias, found.unscaled) == (None, None, None, None, 1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([5, 5, 6, 5] * 10, "smooth"),
        ([5, 0, 5, 0] * 10, "intermittent"),
        ([1, 9, 1, 30] * 10, "erratic"),
        ([1, 0, 30, 0] * 10, "lumpy"),
        ([0, 0, 0, 0] * 10, "intermittent"),
        ([0] * 36 + [5, 5, 6, 5], "smooth"),
    ],
)
def test_demand_classes(row: list[float], expected: str) -> None:
    assert demand_classes(panel_of([row])).tolist() == [expected]
