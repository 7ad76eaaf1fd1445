"""Sales: what was paid, paid back and is expected, by category and region, and who paid most."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from retail_assets.dashboard import charts, columns
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.masking import MASK, classified
from retail_assets.dashboard.opening import command_line, warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.questions.numbers import change, compact, day
from retail_assets.questions.period import Period

MOST_BARS, MOST_REGIONS, MOST_CUSTOMERS = 16, 16, 20
MONEY = "shop's currency"
MEASURES = {"net": "Net sales", "gross": "Gross sales", "refunds": "Refunds", "payments": "Payments"}
CUTS = {"category": "By category", "region": "By country"}
TABLES = ("sales_by_region", "sales_by_category", "sales_by_category_region", "customer_value")
COLUMNS = {
    "customer_id": columns.text("Customer"),
    "region": columns.text("Country"),
    "favourite_category": columns.text("Favourite category"),
    "payments": columns.count("Payments"),
    "net": columns.amount(f"Net ({MONEY})"),
    "first_payment_at": columns.day("First payment"),
    "last_payment_at": columns.day("Last payment"),
}


def show_totals(period: Period) -> None:
    """What came in and what was paid back, against the period before as far as there is all of it, and day by day."""
    (reach,) = warehouse().ask("sales_reach").to_pylist()
    is_whole = period.before >= reach["first_date"]
    days = warehouse().ask("sales_dates", first=period.before, last=period.last).to_pylist()
    now = every_day([row for row in days if row["date"] >= period.first], period)
    before = [row for row in days if row["date"] < period.first]
    for place, (name, label) in zip(st.columns(len(MEASURES)), MEASURES.items(), strict=True):
        trend = [row[name] for row in now]
        place.metric(
            label,
            compact(sum(trend)),
            change(sum(trend), sum(row[name] for row in before)) if is_whole else None,
            delta_color="inverse" if name == "refunds" else "normal",
            chart_data=trend,
            chart_type="area",
            border=True,
        )
    if not is_whole:
        st.caption("Before this period there are not as many days to compare the totals with.")
    long = pd.DataFrame(now, columns=["date", "net", "refunds"]).melt("date", var_name="what", value_name="amount")
    chart = charts.lines(long, "amount", f"sales a day ({MONEY})", ",.0f", colour="what", legend="")
    charts.show(chart, f"Line chart of net sales and refunds a day, {period}", 240)


def every_day(rows: list[dict[str, Any]], period: Period) -> list[dict[str, Any]]:
    """The days of the period, with 0 where nothing was sold.

    The table has no row of such a day, and a line would join its neighbours.
    """
    known = {row["date"]: row for row in rows}
    days = [period.first + timedelta(days=number) for number in range(period.length)]
    return [known.get(day, {"date": day, **dict.fromkeys(MEASURES, 0)}) for day in days]


def show_cuts(period: Period) -> None:
    """The same total by category and by country."""
    for place, (cut, title) in zip(st.columns(len(CUTS)), CUTS.items(), strict=True):
        with place:
            st.subheader(title, anchor=False)
            rows = warehouse().ask("sales_cuts", cut=cut, limit=MOST_BARS, **period.bounds)
            charts.show(
                charts.ranked(rows, "net", f"net sales ({MONEY})", {"refunds": f"refunds ({MONEY})"}),
                f"Net sales {title.lower()}, {period}",
                380,
            )


def show_matrix(period: Period) -> None:
    """Category by country."""
    st.subheader("Category by country", anchor=False)
    rows = warehouse().ask("sales_matrix", limit=MOST_REGIONS, **period.bounds)
    title = f"net sales ({MONEY})"
    charts.show(
        charts.matrix(rows, "region", "category", "net", title), f"Net sales by category and country, {period}", 420
    )


def show_expected() -> None:
    """What the coming days are expected to bring, by category and by country."""
    st.subheader("What is expected", anchor=False)
    (reach,) = warehouse().ask("sales_reach").to_pylist()
    last = reach["last_date"]
    cuts = CUTS if "sales_forecast" in warehouse().tables() else {}
    found = {
        title: warehouse().ask("sales_expected", cut=cut, last=last, limit=MOST_BARS) for cut, title in cuts.items()
    }
    told = {title: rows for title, rows in found.items() if rows.num_rows}
    if not told:
        st.info(f"No forecast reaches beyond {day(last)}. This makes one; the page follows by itself.")
        st.code(command_line("backfill --forecasts"), language="shell")
    for place, (title, rows) in zip(st.columns(2), told.items(), strict=False):
        with place:
            _show_expected(title, rows, last)


def _show_expected(title: str, rows: pa.Table, last: date) -> None:
    chart = charts.ranked(rows.select(["name", "expected"]), "expected", f"expected net sales ({MONEY})", {})
    charts.show(chart, f"Net sales expected {title.lower()}", 380)
    until, origin = max(rows["until_date"].to_pylist()), rows["origin"][0].as_py()
    st.caption(f"{title}, from {day(last + timedelta(days=1))} to {day(until)}, by what was known on {day(origin)}.")


def show_customers() -> None:
    """Who brought most over all time, without their names."""
    st.subheader("Best customers of all time", anchor=False)
    hidden = classified("customer_value")
    rows = warehouse().ask("best_customers", limit=MOST_CUSTOMERS).to_pylist()
    told = [{name: MASK if name in hidden else value for name, value in row.items()} for row in rows]
    st.dataframe(told, column_config=COLUMNS, hide_index=True, alt="Best customers of all time")


needs(*TABLES)
period = choose_period("sales_reach")
show_totals(period)
show_cuts(period)
show_matrix(period)
show_expected()
show_customers()
