"""How fresh the data is, and what is wrong with it: a line each, the worst first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from retail_assets.dashboard.opening import open_platform, warehouse
from retail_assets.questions.findings import findings
from retail_assets.questions.numbers import day
from retail_assets.questions.period import Period

ICONS = {"error": ":material/error:", "warning": ":material/warning:", "good": ":material/check_circle:"}


def show_findings(period: Period) -> None:
    """What is to be said of the data of a period, a line each."""
    for finding in findings(warehouse(), period.first, period.last, open_platform().landing.blocked()):
        st.markdown(f"{ICONS[finding.level]} {finding.text}")


def show_problems(period: Period) -> None:
    """Freshness and open problems of the data, with a way to the details."""
    st.subheader("Can it be trusted?", anchor=False)
    (reach,) = warehouse().ask("reach").to_pylist()
    published = warehouse().published_at()
    age = f", {_ago(published)}" if published else ""
    st.markdown(f"{ICONS['good']} Data up to **{day(reach['last_date'])}** (UTC){age}")
    show_findings(period)
    st.page_link("views/quality.py", label="All about data quality", icon=":material/fact_check:")


def _ago(moment: datetime) -> str:
    age = datetime.now(UTC) - moment
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if count := age // length:
            return f"published {count:,} {unit}{'s' if count > 1 else ''} ago"
    return "published just now"
