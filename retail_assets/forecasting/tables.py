"""Forecasts and back-tests of windows as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from retail_assets.forecasting.backtest import Backtest, Run
from retail_assets.forecasting.forecast import QUANTITIES, Forecast
from retail_assets.forecasting.window import Window

if TYPE_CHECKING:
    import pyarrow as pa

COUNTED = ("series", "units", "wmape", "mase", "rmsse", "bias", "sum_wmape", "coverage")


def forecast_rows(found: Forecast, window: Window) -> pa.Table:
    """One row per series and day ahead."""
    import pyarrow as pa

    rows = found.to_arrow()
    columns: dict[str, Any] = {
        "date": pa.repeat(pa.scalar(window.origin, pa.date32()), rows.num_rows),
        "key_type": pa.repeat(window.key_type, rows.num_rows),
        "key_value": rows["unique_id"],
        **{name: rows[name] for name in ("day_ahead", *QUANTITIES, "model")},
    }
    return pa.table(columns, schema=schemas()["forecasts"])


def score_rows(tested: Backtest, published: str, window: Window) -> pa.Table:
    """One row per tested origin, model and demand class."""
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
            "days_ahead": tested.horizon,
        }
        for score in tested.scores
    ]
    return pa.Table.from_pylist(rows, schema=schemas()["scores"])


def error_rows(tested: Backtest, published: str, window: Window) -> pa.Table:
    """One row per tested origin and series, of the published model."""
    import pyarrow as pa

    tables = [
        pa.table(dict(_error_columns(run, window)), schema=schemas()["errors"])
        for run in tested.runs
        if run.model == published
    ]
    return pa.concat_tables(tables)


def _error_columns(run: Run, window: Window) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    count, series = len(run.series.ids), run.series
    yield "date", pa.repeat(pa.scalar(window.origin, pa.date32()), count)
    yield "key_type", pa.repeat(window.key_type, count)
    yield "tested_origin", pa.repeat(pa.scalar(run.origin, pa.date32()), count)
    yield "key_value", pa.array(series.ids.tolist(), pa.string())
    yield "demand_class", pa.array(series.demand_class.tolist(), pa.string())
    yield "model", pa.repeat(run.model, count)
    yield "units", series.units
    yield "expected", series.expected
    yield "absolute_error", series.absolute_error
    yield "rmsse", pa.array(series.rmsse, mask=np.isnan(series.rmsse))


def schemas() -> dict[str, pa.Schema]:
    """The columns of each table."""
    import pyarrow as pa

    window = (("date", pa.date32()), ("key_type", pa.string()))
    return {
        "forecasts": pa.schema(
            [
                *window,
                ("key_value", pa.string()),
                ("day_ahead", pa.int16()),
                *((name, pa.float64()) for name in QUANTITIES),
                ("model", pa.string()),
            ]
        ),
        "scores": pa.schema(
            [
                *window,
                ("tested_origin", pa.date32()),
                ("model", pa.string()),
                ("demand_class", pa.string()),
                ("series", pa.int64()),
                *((name, pa.float64()) for name in COUNTED[1:]),
                ("is_published", pa.bool_()),
                ("days_ahead", pa.int16()),
            ]
        ),
        "errors": pa.schema(
            [
                *window,
                ("tested_origin", pa.date32()),
                ("key_value", pa.string()),
                ("demand_class", pa.string()),
                ("model", pa.string()),
                *((name, pa.float64()) for name in ("units", "expected", "absolute_error", "rmsse")),
            ]
        ),
    }
