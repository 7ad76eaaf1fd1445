"""The platform's own series: from units by key and day to forecasts and their back-test, a window at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.query import sql_text
from retail_assets.forecasting.backtest import Backtest, backtest
from retail_assets.forecasting.forecast import forecast
from retail_assets.forecasting.intervals import LEAST_HISTORY, Model
from retail_assets.forecasting.models import MOVING_AVERAGE, models_of_one_panel
from retail_assets.forecasting.panel import Booleans, Floats, Panel
from retail_assets.forecasting.tables import error_rows, forecast_rows, schemas, score_rows
from retail_assets.forecasting.window import Window

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ORIGINS = 3
WEEK = 7


def forecast_windows(
    connection: DuckDBPyConnection, windows: Sequence[Window], holidays: Mapping[date, str], horizon: int, model: str
) -> dict[str, pa.Table]:
    """The tables ``forecasts``, ``scores`` and ``errors`` of the windows, from the view ``forecast_history``.

    Raises:
        ValueError: the model needs an extra that is not installed.
    """
    import pyarrow as pa

    found = {name: [schema.empty_table()] for name, schema in schemas().items()}
    for window in windows:
        panel, live = _panel(connection, window, holidays)
        if not len(panel.ids):
            continue
        models = models_of_one_panel()
        tested = _tested(panel, horizon, model, models)
        published = tested.verdict().publish if tested else MOVING_AVERAGE
        found["forecasts"].append(forecast_rows(forecast(panel, horizon, published, models).of(live), window))
        if tested:
            found["scores"].append(score_rows(tested, published, window))
            found["errors"].append(error_rows(tested, published, window))
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def _tested(panel: Panel, horizon: int, model: str, models: Mapping[str, Model]) -> Backtest | None:
    """The back-test of as many origins as the history has room for, three at most; None where it has for none.

    Where the history is too short for one of the whole horizon, of the whole weeks that it has room for.
    """
    ahead = min(horizon, (panel.days - LEAST_HISTORY) // WEEK * WEEK)
    if ahead <= 0:
        return None
    return backtest(panel, ahead, min(ORIGINS, (panel.days - LEAST_HISTORY) // ahead), model, models)


def _panel(connection: DuckDBPyConnection, window: Window, holidays: Mapping[date, str]) -> tuple[Panel, Booleans]:
    """All keys of the window, and which of them are live.

    A date that is not known is taken to have sold what the same weekday of the week before did.
    """
    connection.execute(f"SET VARIABLE forecast_key_type = {quote_literal(window.key_type)}")
    connection.execute(f"SET VARIABLE forecast_first = {quote_literal(window.first)}")
    connection.execute(f"SET VARIABLE forecast_origin = {quote_literal(window.origin)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE forecast_keys AS {sql_text('forecast/keys')}")
    keys = connection.execute("SELECT key_value, is_live FROM forecast_keys ORDER BY series").fetchall()
    days = (window.origin - window.first).days + 1
    demand = np.zeros((len(keys), days), dtype=np.float32)
    units = connection.execute(sql_text("forecast/daily_units")).to_arrow_table()
    demand[units["series"].to_numpy(), units["day"].to_numpy()] = units["units"].to_numpy()
    _fill_absent(demand, {(day - window.first).days for day in window.dates})
    ids = np.array([key for key, _ in keys], dtype=np.str_)
    return Panel(ids, window.first, demand, holidays=holidays), np.array([live for _, live in keys], dtype=bool)


def _fill_absent(demand: Floats, present: set[int]) -> None:
    for day in range(WEEK, demand.shape[1]):
        if day not in present:
            demand[:, day] = demand[:, day - WEEK]
