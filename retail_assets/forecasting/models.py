"""The models by name: what back-tests compare and what is forecast with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from retail_assets.forecasting.baselines import moving_average, seasonal_naive, zero
from retail_assets.forecasting.intervals import Model
from retail_assets.forecasting.panel import Floats, Panel
from retail_assets.forecasting.smoothing import smoothed

SEASONAL_NAIVE = "seasonal_naive_7"
MOVING_AVERAGE = "ma_28"
DEFAULT = "default"
BASELINES: Mapping[str, Model] = {SEASONAL_NAIVE: seasonal_naive, MOVING_AVERAGE: moving_average, "zero": zero}
"""Zero is for comparison only: nobody plans with it."""
TO_BEAT = (SEASONAL_NAIVE, MOVING_AVERAGE)


def boosted(panel: Panel, horizon: int) -> Floats:
    """The boosted trees of the extra ``ml``."""
    from retail_assets.forecasting.boosting import boosted

    return boosted(panel, horizon)


def blended(panel: Panel, horizon: int) -> Floats:
    """The mean of the default model and the boosted trees."""
    return (smoothed(panel, horizon) + boosted(panel, horizon)) / 2


MODELS: Mapping[str, Model] = {DEFAULT: smoothed, "ml": boosted, "blend": blended, **BASELINES}


def calibrating(name: str) -> Callable[[Panel, int], Floats]:
    """The model whose misses at earlier origins tell the spread of this one's: itself, where that is cheap."""
    return MODELS[name] if name in BASELINES else smoothed
