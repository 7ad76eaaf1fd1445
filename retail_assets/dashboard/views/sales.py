"""Sales: what was paid and paid back, by category and region, and who paid most."""

from __future__ import annotations

import streamlit as st

from retail_assets.dashboard import charts
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.masking import MASK, classified
from retail_assets.dashboard.opening import warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.questions.numbers import change, compact
from retail_assets.questions.period import Period

MOST_CATEGORIES, MOST_REGIONS, MOST_CUSTOMERS = 16, 16, 20
MONEY = "shop's currency"
TABLES = ("sales_by_region", "sales_by_category", "sales_by_category_region", "customer_value")
COLUMNS = {
    "customer_id": st.column_config.TextColumn("Customer"),
    "region": st.column_config.TextColumn("Country"),
    "favourite_category": st.column_config.TextColumn("Favourite category"),
    "payments": st.column_config.NumberColumn("Payments", format="localized"),
    "net": st.column_config.NumberColumn(f"Net ({MONEY})", format="accounting"),
    "first_payment_at": st.column_config.DatetimeColumn("First payment (UTC)", format="YYYY-MM-DD"),
    "last_payment_at": st.column_config.DatetimeColumn("Last payment (UTC)", format="YYYY-MM-DD"),
}


def show_totals(period: Period) -> None:
    """What came in and what was paid back, against the period before, and day by day."""
    asked = warehouse().ask("sales_periods", before=period.before, **period.bounds).to_pylist()
    rows = {row["period"]: row for row in asked}
    dates = warehouse().ask("sales_dates", **period.bounds)
    labels = {"net": "Net sales", "gross": "Gross sales", "refunds": "Refunds", "payments": "Payments"}
    for place, (name, label) in zip(st.columns(len(labels)), labels.items(), strict=True):
        now, before = rows.get("now", {}).get(name), rows.get("before", {}).get(name)
        trend = dates[name].to_pylist()
        place.metric(
            label,
            compact(now),
            change(now, before),
            delta_color="inverse" if name == "refunds" else "normal",
            chart_data=trend,
            chart_type="area",
            border=True,
        )
    chart = charts.lines(dates, "net", f"net sales a day ({MONEY})", ",.0f")
    charts.show(chart, f"Line chart of net sales a day, {period}", 240)


def show_cuts(period: Period) -> None:
    """The same total by category and by country."""
    left, right = st.columns(2)
    for place, title, question, limit in (
        (left, "By category", "sales_categories", MOST_CATEGORIES),
        (right, "By country", "sales_regions", MOST_REGIONS),
    ):
        with place:
            st.subheader(title, anchor=False)
            rows = warehouse().ask(question, limit=limit, **period.bounds)
            charts.show(charts.ranked(rows, "net", f"net sales ({MONEY})"), f"Net sales {title.lower()}, {period}", 380)


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
