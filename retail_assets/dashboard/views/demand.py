"""Demand explorer: the daily series of some keys, as a chart, as a table and to take away."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import streamlit as st

from retail_assets.dashboard import charts, columns
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.keys import choose_key_type, choose_keys, chosen_keys
from retail_assets.dashboard.opening import warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.questions.key_types import KEY_TYPES
from retail_assets.questions.period import Period

MEASURES = {
    "purchases": ("Purchases", "purchases a day", ",d"),
    "ma7": ("MA7", "mean purchases a day, 7 days", ",.2f"),
    "ma28": ("MA28", "mean purchases a day, 28 days", ",.2f"),
    "views": ("Views", "views a day", ",d"),
    "carts": ("Carts", "additions to a cart a day", ",d"),
    "revenue": ("Revenue", "revenue a day (shop's currency)", ",.0f"),
    "price": ("Price", "mean price (shop's currency)", ",.2f"),
    "conversion": ("Conversion", "purchases per view", ".1%"),
}
COLUMNS = {
    "date": columns.day("Date"),
    "key_value": columns.text("Key"),
    "purchases": columns.count("Purchases"),
    "views": columns.count("Views"),
    "carts": columns.count("Carts"),
    "revenue": columns.amount("Revenue"),
    "price": columns.amount("Mean price"),
    "conversion": columns.share("Conversion"),
    "ma7": columns.decimal("MA7"),
    "ma28": columns.decimal("MA28"),
}


def show_chart(series: pa.Table, keys: list[str], period: Period) -> None:
    """The chosen measure of the keys; of purchases of one key also its moving averages."""
    measure = st.segmented_control(
        "Measure",
        list(MEASURES),
        default="purchases",
        format_func=lambda name: MEASURES[name][0],
        key="measure",
        required=True,
        bind="query-params",
        wrap=True,
    )
    _, title, form = MEASURES[measure or "purchases"]
    bands = charts.holiday_bands(warehouse().ask("holidays", **period.bounds))
    if measure == "purchases" and len(keys) == 1:
        averages = _averages(series)
        chart = bands + charts.daily_bars(series, "purchases", title, form)
        chart += charts.lines(averages, "purchases", title, ",.2f", colour="mean", legend="mean of")
    else:
        chart = bands + charts.lines(series, measure or "purchases", title, form, colour="key_value", legend="key")
    charts.show(chart, f"Line chart of {title} of {', '.join(keys)}, {period}", 360)
    st.caption("Shaded: public holidays and retail dates. A line breaks where a date is missing.")


def _averages(series: pa.Table) -> pa.Table:
    """The moving averages of one key as two lines."""
    parts = [
        pa.table({"date": series["date"], "purchases": series[name], "mean": [label] * series.num_rows})
        for name, label in (("ma7", "7 days (MA7)"), ("ma28", "28 days (MA28)"))
    ]
    return pa.concat_tables(parts)


def show_table(series: pa.Table, name: str) -> None:
    """The same numbers as a table, and as files."""
    with st.expander("The same as a table", expanded=False):
        st.dataframe(series, column_config=COLUMNS, hide_index=True, alt="Daily series of the chosen keys")
    left, right, _ = st.columns([1, 1, 3])
    left.download_button("Download CSV", _csv(series), f"{name}.csv", "text/csv", icon=":material/download:")
    kind = "application/vnd.apache.parquet"
    right.download_button("Download Parquet", _parquet(series), f"{name}.parquet", kind, icon=":material/download:")


def _csv(series: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pa.csv.write_csv(series, buffer)
    return buffer.getvalue()


def _parquet(series: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pa.parquet.write_table(series, buffer, compression="zstd")
    return buffer.getvalue()


needs("features", "dim_date", "dim_product")
period = choose_period()
key_type = choose_key_type("key_type")
choose_keys(key_type)
keys = chosen_keys(key_type)
if keys:
    series = pa.concat_tables(warehouse().ask("series", key_type=key_type, key=key, **period.bounds) for key in keys)
    show_chart(series, keys, period)
    show_table(series, f"demand_{key_type}_{period.first}_{period.last}")
else:
    st.info(f"Choose one of the {KEY_TYPES[key_type].lower()} above to see its series.")
