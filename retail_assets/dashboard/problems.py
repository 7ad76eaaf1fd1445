"""How fresh the data is, and what is wrong with it: a line each, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import streamlit as st

from retail_assets.dashboard.numbers import day, percent
from retail_assets.dashboard.opening import open_platform, published_at, warehouse
from retail_assets.dashboard.period import Period

KEPT = ("received", "clean", "excluded", "duplicate")
MOST_NAMED = 3
ICONS = {"error": ":material/error:", "warning": ":material/warning:", "good": ":material/check_circle:"}


@dataclass(frozen=True)
class Finding:
    """One line about the data."""

    level: Literal["error", "warning", "good"]
    text: str


def findings(period: Period) -> list[Finding]:
    """What is to be said of the data of a period."""
    return sorted([*_gaps(period), *_books(period), *_files()], key=lambda item: list(ICONS).index(item.level))


def show_findings(period: Period) -> None:
    """What is to be said of the data of a period, a line each."""
    for finding in findings(period):
        st.markdown(f"{ICONS[finding.level]} {finding.text}")


def show_problems(period: Period) -> None:
    """Freshness and open problems of the data, with a way to the details."""
    st.subheader("Can it be trusted?", anchor=False)
    (reach,) = warehouse().ask("reach").to_pylist()
    published = published_at()
    age = f", {_ago(published)}" if published else ""
    st.markdown(f"{ICONS['good']} Data up to **{day(reach['last_date'])}** (UTC){age}")
    show_findings(period)
    st.page_link("pages/quality.py", label="All about data quality", icon=":material/fact_check:")


def _ago(moment: datetime) -> str:
    age = datetime.now(UTC) - moment
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if count := age // length:
            return f"published {count:,} {unit}{'s' if count > 1 else ''} ago"
    return "published just now"


def _gaps(period: Period) -> list[Finding]:
    rows = warehouse().ask("dates", **period.bounds).to_pylist()
    missing = [row["date"] for row in rows if row["events"] is None]
    if not missing:
        return [Finding("good", "No date is missing")]
    named = ", ".join(day(item) for item in missing[:MOST_NAMED])
    more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
    verb = "dates are" if len(missing) > 1 else "date is"
    return [Finding("warning", f"{len(missing):,} {verb} missing: {named}{more}")]


def _books(period: Period) -> list[Finding]:
    if "data_quality" not in warehouse().tables():
        return [Finding("warning", "The books are not built yet: the table `data_quality` is missing")]
    rows = warehouse().ask("books", **period.bounds).to_pylist()
    received = sum(row["rows"] for row in rows if (row["stage"], row["reason"]) == ("landing", "received"))
    rejected = sum(row["rows"] for row in rows if row["reason"] not in KEPT)
    kept = sum(row["rows"] for row in rows if row["stage"] == "cleaning" and row["reason"] in KEPT[1:])
    found = [Finding("warning" if rejected else "good", f"{rejected:,} of {received:,} rows rejected")]
    if received and rejected:
        found = [Finding("warning", f"{rejected:,} of {received:,} rows rejected ({percent(rejected / received, 2)})")]
    if received != kept + rejected:
        gap = f"{received:,} rows came in, {kept + rejected:,} are accounted for"
        found.append(Finding("error", f"The books do not balance: {gap}"))
    return found


def _files() -> list[Finding]:
    blocked = [entry.name for entry in open_platform().landing.files().values() if entry.state == "blocked"]
    if not blocked:
        return []
    named = ", ".join(f"`{name}`" for name in blocked[:MOST_NAMED])
    return [Finding("error", f"{len(blocked):,} landed file{'s' if len(blocked) > 1 else ''} blocked: {named}")]
