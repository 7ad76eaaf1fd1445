"""Back-tests: honest origins, the rule of what is published, and the targets on real series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from retail_assets.forecasting.backtest import ALL, Backtest, Score, as_document, backtest, origin_days
from retail_assets.forecasting.forecast import forecast
from retail_assets.forecasting.metrics import Accuracy
from retail_assets.forecasting.models import MOVING_AVERAGE, SEASONAL_NAIVE
from retail_assets.forecasting.panel import Panel
from retail_assets.forecasting.reading import read_long_table
from retail_assets.sources.retail_calendar import retail_calendar
from retail_assets_tests.forecasting.panels import panel_of, shop

HORIZON = 28


def test_origins_are_the_last_horizons_one_after_the_other() -> None:
    assert origin_days(panel_of([[1] * 100]), 28, 2) == [44, 72]


@pytest.mark.parametrize(
    ("horizon", "origins", "told"), [(28, 3, "need 112"), (28, 0, "not 0 and 28"), (0, 3, "not 3 and 0")]
)
def test_too_little_to_test_on_is_named(horizon: int, origins: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        backtest(panel_of([[1] * 111]), horizon, origins, "default")


def test_a_back_test_says_what_a_forecast_of_that_day_would_have_said() -> None:
    panel = shop(60, 200)
    earlier = forecast(panel.until(172), HORIZON, "default")

    found = backtest(panel, HORIZON, 1, "default")

    actual = panel.demand[panel.begins < 172, 172:]
    assert found.mean("default")["wmape"] == pytest.approx(np.abs(earlier.mean - actual).sum() / actual.sum())
    assert found.mean("default")["coverage"] == ((earlier.q10 <= actual) & (actual <= earlier.q90)).mean()


def test_what_comes_after_an_origin_changes_only_what_it_is_held_against() -> None:
    panel = shop(60, 200)
    later = panel.demand.copy()
    later[:, 172:] = 0

    before, after = (backtest(each, HORIZON, 2, "default") for each in (panel, replace(panel, demand=later)))

    assert [run.wrmsse for run in before.runs][:4] == [run.wrmsse for run in after.runs][:4]
    assert [run.wrmsse for run in before.runs][4:] != [run.wrmsse for run in after.runs][4:]


def _scored(rmsse: Mapping[str, float], bias: float) -> Backtest:
    origin = date(2020, 1, 1)
    scores = [
        Score(origin, name, ALL, Accuracy(1, 1.0, 1.0, 1.0, figure, bias if name == "default" else 0.0, 1.0, 0.8, 0))
        for name, figure in rmsse.items()
    ]
    return Backtest(HORIZON, (origin,), "default", tuple(scores), ())


@pytest.mark.parametrize(
    ("model", "naive", "average", "bias", "published"),
    [
        (0.7, 1.0, 0.8, 0.05, "default"),
        (0.7, 1.0, 0.8, -0.051, MOVING_AVERAGE),
        (0.7, 1.0, 0.8, 0.051, MOVING_AVERAGE),
        (0.8, 1.0, 0.8, 0.0, MOVING_AVERAGE),
        (0.9, 0.8, 0.85, 0.0, SEASONAL_NAIVE),
    ],
)
def test_a_model_must_earn_its_place(model: float, naive: float, average: float, bias: float, published: str) -> None:
    verdict = _scored({"default": model, SEASONAL_NAIVE: naive, MOVING_AVERAGE: average}, bias).verdict()

    assert (verdict.publish, verdict.earned) == (published, published == "default")


def test_the_document_holds_every_model_class_and_origin() -> None:
    document = as_document(backtest(shop(60, 200), HORIZON, 2, "default"))

    models = document["models"]
    assert isinstance(models, dict)
    assert list(models) == ["default", SEASONAL_NAIVE, MOVING_AVERAGE, "zero"]
    assert [item["origin"] for item in models["default"]["by_origin"]] == document["origins"]
    assert set(models["default"]["level_wmape"]) == {"total", "store", "unique_id"}


@pytest.fixture(scope="module")
def m5(shared_data: Path) -> Panel:
    with duckdb.connect() as connection:
        panel = read_long_table(connection, shared_data / "demand" / "m5_dev500_train.parquet").panel
    parts = [unique_id.split("_") for unique_id in panel.ids]
    names = {"dept": [f"{p[0]}_{p[1]}" for p in parts], "cat": [p[0] for p in parts], "state": [p[3] for p in parts],
             "store": [f"{p[3]}_{p[4]}" for p in parts]}  # fmt: skip
    calendar = retail_calendar(panel.start, panel.end, country="US", subdivision=None, own_dates={})
    return replace(
        panel,
        groups={name: np.unique(labels, return_inverse=True)[1] for name, labels in names.items()},
        holidays={day.date: day.holiday_name for day in calendar if day.holiday_name},
    )


def test_targets_on_real_series(m5: Panel) -> None:
    found = backtest(m5, HORIZON, 3, "default")
    model, naive = found.mean("default"), found.mean(SEASONAL_NAIVE)

    assert model["rmsse"] <= 0.77 * naive["rmsse"]  # type: ignore[operator]
    assert abs(model["bias"] or 1) <= 0.04
    assert 0.75 <= (model["coverage"] or 0) <= 0.85
    assert (found.wrmsse("default") or 9) < 0.8 * (found.wrmsse(MOVING_AVERAGE) or 0)
    by_origin = {
        (score.model, score.origin): score.accuracy.rmsse for score in found.scores if score.demand_class == ALL
    }
    for origin in found.origins:
        assert (by_origin["default", origin] or 9) < (by_origin[MOVING_AVERAGE, origin] or 0)
    assert found.verdict().earned


def test_the_default_beats_both_baselines_on_a_wholesaler(shared_data: Path) -> None:
    with duckdb.connect() as connection:
        panel = read_long_table(connection, shared_data / "demand" / "online_retail_II_daily.parquet").panel

    found = backtest(panel, HORIZON, 3, "default")

    for baseline in (SEASONAL_NAIVE, MOVING_AVERAGE):
        assert (found.mean("default")["rmsse"] or 9) < (found.mean(baseline)["rmsse"] or 0)
        assert (found.wrmsse("default") or 9) < (found.wrmsse(baseline) or 0)
    assert 0.75 <= (found.mean("default")["coverage"] or 0) <= 0.85
