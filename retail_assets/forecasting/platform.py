"""The platform's own series: from daily aggregates to forecasts and their back-test, a partition at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.query import sql_text
from retail_assets.forecasting.backtest import LEAST_HISTORY, Backtest, backtest
from retail_assets.forecasting.forecast import QUANTITIES, Forecast, forecast
from retail_assets.forecasting.models import DEFAULT, MOVING_AVERAGE
from retail_assets.forecasting.panel import Booleans, Floats, Panel

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ORIGINS = 3
WEEK = 7
COUNTED = ("series", "units", "wmape", "mase", "rmsse", "bias", "sum_wmape", "coverage")


@dataclass(frozen=True)
class Window:
    """An origin, a key type, and the dates of its history that the lake has."""

    origin: date
    key_type: str
    dates: Sequence[date]

    @property
    def first(self) -> date:
        """The first date of the history."""
        return min(self.dates)


def forecast_windows(
    connection: DuckDBPyConnection, windows: Sequence[Window], holidays: Mapping[date, str], horizon: int
) -> dict[str, pa.Table]:
    """The tables ``forecasts`` and ``scores`` of origins and key types, from the view ``daily_aggregates``."""
    import pyarrow as pa

    forecasts, scores = [_forecast_schema().empty_table()], [_score_schema().empty_table()]
    for window in windows:
        panel, live = _panel(connection, window, holidays)
        if not len(panel.ids):
            continue
        tested = _tested(panel, horizon)
        published = tested.verdict().publish if tested else MOVING_AVERAGE
        forecasts.append(_forecast_rows(forecast(panel, horizon, published), live, window))
        if tested:
            scores.append(_score_rows(tested, published, window))
    return {"forecasts": pa.concat_tables(forecasts), "scores": pa.concat_tables(scores)}


def _tested(panel: Panel, horizon: int) -> Backtest | None:
    """The back-test of as many origins as the history has room for, three at most; None where it has for none."""
    origins = min(ORIGINS, (panel.days - LEAST_HISTORY) // horizon)
    return backtest(panel, horizon, origins, DEFAULT) if origins > 0 else None


def _panel(connection: DuckDBPyConnection, window: Window, holidays: Mapping[date, str]) -> tuple[Panel, Booleans]:
    """All keys with an event in the window, and which of them are live.

    A date that the lake lacks is taken to have sold what the same weekday of the week before did.
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


def _forecast_rows(found: Forecast, live: Booleans, window: Window) -> pa.Table:
    import pyarrow as pa

    rows = found.of(live).to_arrow()
    columns: dict[str, Any] = {
        "date": pa.repeat(pa.scalar(window.origin, pa.date32()), rows.num_rows),
        "key_type": pa.repeat(window.key_type, rows.num_rows),
        "key_value": rows["unique_id"],
        **{name: rows[name] for name in ("day_ahead", *QUANTITIES, "model")},
    }
    return pa.table(columns, schema=_forecast_schema())


def _score_rows(tested: Backtest, published: str, window: Window) -> pa.Table:
    import pyarrow as pa

    rows = [
        {
            "date": window.origin,
            "key_type": window.key_type,
            "tested_origin": score.origin,
            "model": score.model,
            "demand_class": score.demand_class,
            **{name: getattr(score.accuracy, name) for name in COUNTED},
            "is_published": score.model == published,
        }
        for score in tested.scores
    ]
    return pa.Table.from_pylist(rows, schema=_score_schema())


def _forecast_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("date", pa.date32()),
            ("key_type", pa.string()),
            ("key_value", pa.string()),
            ("day_ahead", pa.int16()),
            *((name, pa.float64()) for name in QUANTITIES),
            ("model", pa.string()),
        ]
    )


def _score_schema() -> pa.Schema:
    import pyarrow as pa

    texts = ("model", "demand_class")
    return pa.schema(
        [
            ("date", pa.date32()),
            ("key_type", pa.string()),
            ("tested_origin", pa.date32()),
            *((name, pa.string()) for name in texts),
            ("series", pa.int64()),
            *((name, pa.float64()) for name in COUNTED[1:]),
            ("is_published", pa.bool_()),
        ]
    )
