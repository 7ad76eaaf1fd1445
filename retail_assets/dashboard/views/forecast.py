"""Forecast: what was expected of a key on some day, what came, and how good forecasts have been."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import streamlit as st

from retail_assets.assets.forecast_tables import HORIZON
from retail_assets.dashboard import charts, columns
from retail_assets.dashboard.accuracy import MODELS, show_models, show_series
from retail_assets.dashboard.fan import fan
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.keys import choose_key_type, choose_keys, chosen_keys
from retail_assets.dashboard.opening import warehouse
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import change, compact, day, percent

HISTORY_DAYS = 56
LATEST = "latest"
COLUMNS = {
    "date": columns.day("Date"),
    "came": columns.count("Sold"),
    "mean": columns.decimal("Expected (mean)"),
    "q10": columns.decimal("10 % quantile"),
    "q50": columns.decimal("Median"),
    "q90": columns.decimal("90 % quantile"),
    "model": columns.text("Model"),
}


def choose_origin(origins: list[date]) -> date:
    """The day after which nothing was known: the latest, which follows new forecasts, or an earlier one."""
    options = [LATEST, *(origin.isoformat() for origin in origins)]
    chosen = st.selectbox(
        "Made when everything up to this day (UTC) was known",
        options,
        format_func=lambda item: f"latest: {day(origins[0])}" if item == LATEST else day(date.fromisoformat(item)),
        key="origin",
        bind="query-params",
    )
    return origins[0] if chosen in (None, LATEST) else date.fromisoformat(chosen)


def show_key(key_type: str, key: str, origin: date, start: date) -> None:
    """What was expected of a key from the origin on, beside what it sold before and what came."""
    forecast = warehouse().ask("forecast", key_type=key_type, key=key, origin=origin)
    if not forecast.num_rows:
        st.info(f"There is no forecast of {key} from {day(origin)}: it had no event in the 28 days up to it.")
        return
    last = forecast["date"][-1].as_py()
    first = max(start, origin - timedelta(days=HISTORY_DAYS - 1))
    sold = warehouse().ask("series", key_type=key_type, key=key, first=first, last=last)
    holidays = warehouse().ask("holidays", first=first, last=last)
    came = {row["date"]: row["purchases"] for row in sold.to_pylist()}
    rows = [row | {"came": came.get(row["date"])} for row in forecast.to_pylist()]
    show_outcome(rows, sum(number or 0 for past, number in came.items() if 0 <= (origin - past).days < len(rows)))
    about = f"Purchases a day of {key}, with what was expected after {day(origin)}"
    charts.show(charts.holiday_bands(holidays) + fan(sold, forecast, origin), about, 360)
    st.caption(
        "The band holds 80 % of the days: a tenth is expected below it, a tenth above. The dashed line is the origin, "
        "the last day that the forecast knew. Shaded: public holidays and retail dates."
    )
    with st.expander("The same as a table"):
        names = [name for name in COLUMNS if name in rows[0]]
        table = pa.table({name: [row[name] for row in rows] for name in names})
        st.dataframe(table, column_config=COLUMNS, hide_index=True, alt=f"Forecast of {key} from {day(origin)}")


def show_outcome(rows: list[dict[str, Any]], before: float) -> None:
    """What was expected in sum and, as far as the days have come, what came."""
    known = [row for row in rows if row["came"] is not None]
    expected, came = sum(row["mean"] for row in rows), sum(row["came"] for row in known)
    promised = sum(row["mean"] for row in known)
    within = sum(row["q10"] <= row["came"] <= row["q90"] for row in known)
    total, outcome, interval, model = st.columns(4)
    _metric(
        total, f"Expected in {len(rows)} days", compact(expected), f"{_versus(expected, before)} the {len(rows)} before"
    )
    if known:
        _metric(outcome, f"Came in {len(known)} days", compact(came), f"{_versus(came, promised)} expected")
        _metric(interval, "Days within the band", f"{within} of {len(known)}", percent(within / len(known), 0))
    else:
        _metric(outcome, "Came so far", "–", "no day after it has come yet")
        _metric(interval, "Days within the band", "–", "80 % are expected")
    _metric(model, "Model", rows[0]["model"], MODELS.get(rows[0]["model"], ""))


def _versus(now: float, before: float) -> str:
    differs = change(now, before)
    return f"{differs} against" if differs else "against none in"


def _metric(place: Any, label: str, value: str, beside: str) -> None:
    place.metric(label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch")


def require_origins(key_type: str) -> list[date]:
    """The origins of this kind of keys, latest first; the page ends here where there is none."""
    rows = warehouse().ask("forecast_origins").to_pylist()
    origins = [row["origin"] for row in rows if row["key_type"] == key_type]
    if not origins:
        others = [name for kind, name in KEY_TYPES.items() if kind in {row["key_type"] for row in rows}]
        st.info(f"No forecast of {KEY_TYPES[key_type].lower()} is made yet. There are some of: {', '.join(others)}.")
        st.stop()
    return origins


needs("features", "dim_date", "dim_product", "demand_forecast", "forecast_backtest")
key_type = choose_key_type("forecast_of", default="brand")
origins = require_origins(key_type)
(reach,) = warehouse().ask("reach").to_pylist()
left, right = st.columns([2, 3])
with left:
    origin = choose_origin(origins)
with right:
    choose_keys(key_type, most=1)
for key in chosen_keys(key_type, most=1):
    show_key(key_type, key, origin, reach["first_date"])
show_models(key_type, origin)
show_series(key_type, origin, origin + timedelta(days=HORIZON))
