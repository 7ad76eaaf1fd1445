"""The models by name: what back-tests compare and what is forecast with."""

from __future__ import annotations

from collections.abc import Mapping

from retail_assets.forecasting.baselines import moving_average, seasonal_naive, zero
from retail_assets.forecasting.intervals import CALIBRATIONS, Model
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


def _models(default: Model) -> Mapping[str, Model]:
    def blended(panel: Panel, horizon: int) -> Floats:
        return (default(panel, horizon) + boosted(panel, horizon)) / 2

    return {DEFAULT: default, "ml": boosted, "blend": blended, **BASELINES}


MODELS = _models(smoothed)


def models_of_one_panel() -> Mapping[str, Model]:
    """The models, for one panel and what it was earlier: the default one, which others lean on, fits nothing twice."""
    return _models(_Remembered(smoothed))


def calibrating(name: str, models: Mapping[str, Model]) -> Model:
    """The model whose misses at earlier origins tell the spread of this one's: itself, where that is cheap."""
    return models[name if name in BASELINES else DEFAULT]


class _Remembered:
    """A model that knows what it has said of one panel, as far back as intervals ask: those means are large."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._means: dict[tuple[int, int], Floats] = {}

    def __call__(self, panel: Panel, horizon: int) -> Floats:
        asked = (panel.days, horizon)
        if asked not in self._means:
            oldest = panel.days - CALIBRATIONS * horizon
            self._means = {known: means for known, means in self._means.items() if known[0] >= oldest}
            self._means[asked] = self._model(panel, horizon)
            self._means[asked].flags.writeable = False  # others get the same array
        return self._means[asked]
