"""Boosted trees: the same every time, finite, and never blind to the model that they correct."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from retail_assets.forecasting.boosting import boosted
from retail_assets.forecasting.forecast import forecast
from retail_assets.forecasting.models import MODELS
from retail_assets.forecasting.smoothing import smoothed
from retail_assets_tests.forecasting.panels import panel_of, shop


def test_the_same_panel_gives_the_same_forecast() -> None:
    panel = shop(60, 160)

    assert (boosted(panel, 14) == boosted(panel, 14)).all()


def test_it_stays_near_what_it_corrects_and_in_order() -> None:
    panel = shop(60, 160)

    found = forecast(panel, 14, "ml")

    assert found.mean.sum() == pytest.approx(smoothed(panel, 14).sum(), rel=0.15)
    assert all(np.isfinite(part).all() and (part >= 0).all() for part in found.parts)
    assert (found.q10 <= found.q50).all()
    assert (found.q50 <= found.q90).all()


def test_the_blend_is_the_mean_of_both() -> None:
    panel = shop(30, 120)

    assert MODELS["blend"](panel, 7) == pytest.approx((boosted(panel, 7) + smoothed(panel, 7)) / 2)


def test_later_days_change_nothing() -> None:
    panel = shop(30, 160)
    later = panel.demand.copy()
    later[:, 120:] += 9

    assert (boosted(panel.until(120), 7) == boosted(replace(panel, demand=later).until(120), 7)).all()


def test_a_short_history_is_forecast_by_the_default_model() -> None:
    panel = shop(10, 60)

    assert (boosted(panel, 28) == smoothed(panel, 28)).all()


def test_nothing_sold_is_nothing_forecast() -> None:
    assert (boosted(panel_of(np.zeros((3, 200))), 7) == 0).all()


def test_prices_are_read_where_there_are_any() -> None:
    panel = shop(30, 160)
    prices = np.full(panel.demand.shape, np.nan)
    prices[:20] = 3.5

    assert np.isfinite(boosted(replace(panel, prices=prices), 7)).all()


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)

    with pytest.raises(ValueError, match=r"pip install 'retail-assets\[ml\]'"):
        boosted(shop(10, 100), 7)
