"""The models of one panel: those that remember say what the others say, and fit no origin twice."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from retail_assets.forecasting import models
from retail_assets.forecasting.backtest import as_document, backtest
from retail_assets.forecasting.forecast import QUANTITIES, forecast
from retail_assets.forecasting.panel import Floats, Panel
from retail_assets_tests.forecasting.panels import shop

HORIZON, ORIGINS = 28, 3


def test_each_origin_is_fitted_once_with_the_same_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, fitted, smoothed = shop(series=60, days=391), [], models.smoothed

    def counted(known: Panel, horizon: int) -> Floats:
        fitted.append(known.days)
        return smoothed(known, horizon)

    monkeypatch.setattr(models, "smoothed", counted)
    remembering = models.models_of_one_panel()
    tested = backtest(panel, HORIZON, ORIGINS, "default", remembering)
    found = forecast(panel, HORIZON, "default", remembering)

    assert sorted(fitted) == [391 - HORIZON * back for back in range(6, -1, -1)]
    alone, told = backtest(panel, HORIZON, ORIGINS, "default"), forecast(panel, HORIZON, "default")
    for mine, theirs in zip(tested.runs, alone.runs, strict=True):
        assert (mine.origin, mine.wrmsse) == (theirs.origin, theirs.wrmsse)
        for column in fields(mine.series):
            np.testing.assert_array_equal(getattr(mine.series, column.name), getattr(theirs.series, column.name))
    assert tested.scores == alone.scores
    assert as_document(tested)["verdict"] == as_document(alone)["verdict"]
    for name in QUANTITIES:
        np.testing.assert_array_equal(getattr(found, name), getattr(told, name))
