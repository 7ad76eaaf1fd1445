"""Boosted trees (extra ``ml``): what the default model misses, learnt from its forecasts at earlier origins.

One LightGBM model with a Tweedie loss forecasts every day ahead directly. It starts from the default model's forecast
and learns by what factor to correct it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from retail_assets.forecasting.learning_rows import Rows, rows_at
from retail_assets.forecasting.panel import Floats, Panel
from retail_assets.forecasting.smoothing import smoothed

SEED = 20_191_001
MOST_ROWS = 2_000_000
"""Rows to learn from: more cost time and memory and change the errors by less than a hundredth."""
MOST_ORIGINS = 26
DAYS_BETWEEN_ORIGINS = 14
LEAST_HISTORY = 56
PREDICTED_AT_ONCE = 4096
PARAMETERS: dict[str, Any] = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.1,
    "learning_rate": 0.05,
    "min_data_in_leaf": 1000,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 127,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
MANY_SERIES = 5_000
FEW, MANY = {"num_leaves": 15, "num_iterations": 100}, {"num_leaves": 31, "num_iterations": 250}
"""Many series tell apart what few series would only seem to: of 499, larger trees are worse by a hundredth of RMSSE."""


def boosted(panel: Panel, horizon: int) -> Floats:
    """The mean of each series for each of the next ``horizon`` days; the default model's where there is no past.

    Raises:
        ValueError: the extra ``ml`` is not installed.
    """
    try:
        import lightgbm
    except ImportError:
        raise ValueError("The models ml and blend need LightGBM: pip install 'retail-assets[ml]'.") from None
    means = smoothed(panel, horizon)
    learnt = _learning_rows(panel, horizon)
    if learnt is None:
        return means
    rows, units, offset = learnt
    data = lightgbm.Dataset(
        rows.values,
        units,
        init_score=offset,
        feature_name=list(rows.names),
        categorical_feature=list(rows.categorical),
        params=PARAMETERS,
        free_raw_data=True,
    )
    del rows, learnt
    model = lightgbm.train({**PARAMETERS, **(FEW if len(panel.ids) < MANY_SERIES else MANY)}, data)
    return means * _factors(model, panel, means, horizon)


def _learning_rows(panel: Panel, horizon: int) -> tuple[Rows, Floats, Floats] | None:
    """Rows of earlier origins with what was sold and the log of what was expected; None where there are none."""
    last = panel.days - horizon
    origins = list(range(last, max(LEAST_HISTORY, last - MOST_ORIGINS * DAYS_BETWEEN_ORIGINS), -DAYS_BETWEEN_ORIGINS))
    if not origins or not (panel.demand > 0).any():
        return None
    chance = np.random.default_rng(SEED)
    begins = panel.begins
    found: list[Rows] = []
    units: list[Floats] = []
    offsets: list[Floats] = []
    for origin in origins:
        history = panel.until(origin)
        if not len(history.ids):
            continue
        means = smoothed(history, horizon)
        series, ahead = np.nonzero(means > 0)
        most = MOST_ROWS // len(origins)
        if len(series) > most:
            chosen = np.sort(chance.choice(len(series), most, replace=False))
            series, ahead = series[chosen], ahead[chosen]
        found.append(rows_at(history, means, series, ahead + 1))
        units.append(panel.demand[np.flatnonzero(begins < origin)[series], origin + ahead])
        offsets.append(np.log(means[series, ahead]))
    if not sum(map(len, units)):
        return None
    values = np.concatenate([rows.values for rows in found])
    return Rows(found[0].names, found[0].categorical, values), np.concatenate(units), np.concatenate(offsets)


def _factors(model: Any, panel: Panel, means: Floats, horizon: int) -> Floats:
    """By what to multiply the default model's forecast."""
    factors = np.empty_like(means)
    for start in range(0, len(means), PREDICTED_AT_ONCE):
        series = np.arange(start, min(start + PREDICTED_AT_ONCE, len(means)))
        rows = rows_at(panel, means, np.repeat(series, horizon), np.tile(np.arange(1, horizon + 1), len(series)))
        factors[series] = np.exp(model.predict(rows.values, raw_score=True)).reshape(-1, horizon)
    return factors
