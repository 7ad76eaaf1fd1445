"""Forecasts: the coming days of every series, with how far demand may stray from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from retail_assets.forecasting.intervals import Model, calibrated
from retail_assets.forecasting.models import MODELS, calibrating
from retail_assets.forecasting.panel import Booleans, Floats, Panel

if TYPE_CHECKING:
    import pyarrow as pa

QUANTITIES = ("mean", "q10", "q50", "q90")


@dataclass(frozen=True)
class Forecast:
    """Means and quantiles by series and day ahead of one origin: its last known day."""

    ids: npt.NDArray[np.str_]
    origin: date
    model: str
    mean: Floats
    q10: Floats
    q50: Floats
    q90: Floats

    @property
    def horizon(self) -> int:
        """How many days ahead it reaches."""
        return int(self.mean.shape[1])

    @property
    def parts(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The mean and the three quantiles."""
        return self.mean, self.q10, self.q50, self.q90

    def of(self, chosen: Booleans) -> Forecast:
        """The forecasts of the chosen series."""
        mean, q10, q50, q90 = (part[chosen] for part in self.parts)
        return replace(self, ids=self.ids[chosen], mean=mean, q10=q10, q50=q50, q90=q90)

    def to_arrow(self) -> pa.Table:
        """One row per series and day ahead, in this order."""
        import pyarrow as pa

        count, days = self.mean.shape
        ahead = np.tile(np.arange(1, days + 1, dtype=np.int16), count)
        origin = np.datetime64(self.origin, "D")
        columns = {
            "unique_id": pa.array(self.ids.tolist(), pa.string()).take(pa.array(np.repeat(np.arange(count), days))),
            "ds": pa.array(origin + ahead.astype("timedelta64[D]"), pa.date32()),
            "day_ahead": pa.array(ahead),
            **{name: pa.array(part.ravel()) for name, part in zip(QUANTITIES, self.parts, strict=True)},
            "model": pa.repeat(self.model, count * days),
            "origin": pa.repeat(pa.scalar(self.origin, pa.date32()), count * days),
        }
        return pa.table(columns)


def forecast(panel: Panel, horizon: int, model: str, models: Mapping[str, Model] = MODELS) -> Forecast:
    """Forecast every series of the panel for the days after its last."""
    mean = models[model](panel, horizon)
    found = calibrated(panel, calibrating(model, models), horizon).quantiles(panel, mean)
    return Forecast(panel.ids, panel.end, model, mean, found.lower, found.median, found.upper)
