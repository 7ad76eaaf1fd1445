"""Sales: what was paid and paid back, by category and region, and who paid most."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from retail_assets.dashboard import charts, columns
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.masking import MASK, classified
from retail_assets.dashboard.opening import warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.questions.numbers import change, compact
from retail_assets.questions.period import Period

MOST_BARS, MOST_REGIONS, MOST_CUSTOMERS = 16, 16, 20
MONEY = "shop's currency"
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
    """What came in and what was paid back, against the period before, and day by day."""
    days = warehouse().ask("sales_dates", first=period.before, last=period.last).to_pylist()
    now = [row for row in days if row["date"] >= period.first]
    before = [row for row in days if row["date"] < period.first]
    labels = {"net": "Net sales", "gross": "Gross sales", "refunds": "Refunds", "payments": "Payments"}
    for place, (name, label) in zip(st.columns(len(labels)), labels.items(), strict=True):
        trend = [row[name] for row in now]
        place.metric(
            label,
            compact(sum(trend)),
            change(sum(trend), sum(row[name] for row in before)),
            delta_color="inverse" if name == "refunds" else "normal",
            chart_data=trend,
            chart_type="area",
            border=True,
        )
    long = pd.DataFrame(now, columns=["date", "net", "refunds"]).melt("date", var_name="what", value_name="amount")
    chart = charts.lines(long, "amount", f"sales a day ({MONEY})", ",.0f", colour="what", legend="")
    charts.show(chart, f"Line chart of net sales and refunds a day, {period}", 240)


def show_cuts(period: Period) -> None:
    """The same total by category and by country."""
    left, right = st.columns(2)
    for place, title, cut in ((left, "By category", "category"), (right, "By country", "region")):
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
show_customers()
