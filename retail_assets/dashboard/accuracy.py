"""How good forecasts are: models against baselines in the back-test, and series by series in what came."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from retail_assets.dashboard import columns
from retail_assets.dashboard.opening import warehouse
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.numbers import day

MODELS = {
    "default": "smoothing, with seasons",
    "ml": "boosted trees",
    "blend": "mean of default and ml",
    "seasonal_naive_7": "baseline: as a week before",
    "ma_28": "baseline: mean of 28 days",
    "zero": "baseline: nothing is sold",
}
MOST_SERIES = 10
LEAST_SOLD = 10
FIGURES = {
    "rmsse": columns.decimal(
        "RMSSE", 3, help="Error beside the usual change from day to day: below 1 is good. Decides."
    ),
    "bias": columns.share("Bias", help="By how much forecasts exceed sales in sum."),
    "mase": columns.decimal("MASE", 3, help="Favours forecasts that are too low."),
    "wmape": columns.share("WMAPE", help="Favours forecasts that are too low."),
    "coverage": columns.share("Within the band", help="Days between the 10 % and 90 % quantiles; 80 % is right."),
}
SERIES_COLUMNS = {
    "key_value": columns.text("Key"),
    "came": columns.count("Sold"),
    "expected": columns.decimal("Expected", 1),
    **{name: FIGURES[name] for name in ("rmsse", "bias", "coverage", "wmape")},
}


def show_models(key_type: str, origin: date) -> None:
    """The model against the baselines, as forecasts from earlier origins would have done."""
    st.subheader("Against the baselines", anchor=False)
    classes = warehouse().ask("forecast_classes", key_type=key_type, origin=origin).to_pylist()
    if not classes:
        st.info("Before this day there was too little history for a back-test: the 28-day mean is published.")
        return
    counts = {row["demand_class"]: row["series"] for row in classes}
    chosen = st.segmented_control(
        "Series by how they sell",
        list(counts),
        default="all",
        format_func=lambda name: f"{name} ({counts[name]:,})",
        key="demand_class",
        required=True,
        wrap=True,
    )
    rows = warehouse().ask("forecast_scores", key_type=key_type, origin=origin, demand_class=chosen).to_pylist()
    table = [
        {"model": row["model"], "is": f"{MODELS.get(row['model'], '')}{' · published' if row['is_published'] else ''}"}
        | {name: row[name] for name in FIGURES}
        for row in rows
    ]
    looks = {"model": columns.text("Model"), "is": columns.text("What it is"), **FIGURES}
    st.dataframe(table, column_config=looks, hide_index=True, alt="Models against baselines in the back-test")
    st.caption(
        f"Tested on {_earlier(rows[0]['origins'])}, each with what came after it by {day(origin)}. A model "
        "that does not beat both baselines on RMSSE, or is off by more than 5 % in sum, gives way to the better one."
    )


def _earlier(origins: int) -> str:
    return "an earlier origin" if origins == 1 else f"{origins} earlier origins"


def show_series(key_type: str, origin: date, last: date) -> None:
    """The series that were forecast best and worst: as far as the days have come, else as the back-test tells."""
    st.subheader("Best and worst series", anchor=False)
    ask = partial(warehouse().ask, key_type=key_type, origin=origin, least=LEAST_SOLD, limit=MOST_SERIES)
    if rows := ask("forecast_outcomes", last=last).to_pylist():
        _show_ends(rows)
        st.caption(
            f"Of those that sold {LEAST_SOLD} or more on the {rows[0]['days']} days that have come. RMSSE here is "
            "beside the change from day to day of the dates up to the origin that the warehouse has."
        )
    elif "forecast_errors" in warehouse().tables() and (rows := ask("forecast_misses").to_pylist()):
        _show_ends(rows)
        st.caption(
            f"By the back-test, since too little has come after {day(origin)} yet: of those that sold {LEAST_SOLD} or "
            f"more in all after {_earlier(max(row['origins'] for row in rows))}."
        )
    else:
        st.info(
            f"No {KEY_TYPES[key_type].lower()} sold {LEAST_SOLD} or more after {day(origin)} yet. Choose an earlier "
            "day above, or come back later: this page follows what comes."
        )


def _show_ends(rows: list[dict[str, Any]]) -> None:
    """The tables of the best and of the worst of these."""
    for place, title, rank in zip(st.columns(2), ("Best", "Worst"), ("best", "worst"), strict=True):
        ranked = sorted((row for row in rows if row[rank] <= MOST_SERIES), key=lambda row: row[rank])
        table = [{name: row[name] for name in SERIES_COLUMNS if name in row} for row in ranked]
        with place:
            st.markdown(f"**{title}** by RMSSE")
            st.dataframe(table, column_config=SERIES_COLUMNS, hide_index=True, alt=f"{title} series by RMSSE")
