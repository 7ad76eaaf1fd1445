"""Data quality: the books of every day, what was rejected, what is missing, what the checks say, what landed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from retail_assets.contracts.rejection import reject_meanings
from retail_assets.dashboard import charts, history
from retail_assets.dashboard.help import needs
from retail_assets.dashboard.opening import open_platform, warehouse
from retail_assets.dashboard.period import choose_period
from retail_assets.dashboard.problems import show_findings
from retail_assets.dashboard.quarantine import samples
from retail_assets.inspection.landed import landed_files
from retail_assets.questions.findings import KEPT
from retail_assets.questions.numbers import compact, human_bytes, percent
from retail_assets.questions.period import Period

SAMPLES = 50
MOST_COLOURS = 7
OUTCOMES = {"clean": "clean", "excluded": "excluded", "duplicate": "duplicates"}


def outcomes(books: pd.DataFrame) -> pd.DataFrame:
    """What became of the rows that came in, by date: clean, excluded, duplicates, or the reason of rejection."""
    is_final = ((books["stage"] == "cleaning") & (books["reason"] != "received")) | ~books["reason"].isin(KEPT)
    found = books[is_final].copy()
    found["outcome"] = found["reason"].map(lambda reason: OUTCOMES.get(reason, f"rejected: {reason}"))
    return found


def show_totals(found: pd.DataFrame) -> None:
    """What came in, and the four things that can become of it."""
    sums = found.groupby("outcome")["rows"].sum()
    rejected = sums[[name for name in sums.index if name.startswith("rejected")]].sum()
    received = sums.sum()
    numbers = {name: int(sums.get(label, 0)) for name, label in (("Clean", "clean"), ("Excluded", "excluded"))}
    numbers |= {"Duplicates": int(sums.get("duplicates", 0)), "Rejected": int(rejected)}
    places = st.columns(5)
    places[0].metric("Rows received", compact(int(received)), border=True, height="stretch")
    for place, (name, rows) in zip(places[1:], numbers.items(), strict=True):
        share = percent(rows / received, 2) if received else None
        place.metric(name, compact(rows), share, delta_color="off", delta_arrow="off", border=True, height="stretch")


def show_books(found: pd.DataFrame, period: Period) -> None:
    """The books as stacked bars: all rows, and those that were not kept, which all others would dwarf."""
    dated = found[found["date"].notna()].copy()
    names = list(OUTCOMES.values()) + sorted(set(dated["outcome"]) - set(OUTCOMES.values()))
    dated["place"] = dated["outcome"].map(names.index)
    left, right = st.columns(2)
    with left:
        whole = dated.assign(outcome=dated["outcome"].map(lambda name: name.partition(":")[0]))
        order = [*OUTCOMES.values(), "rejected"]
        summed = whole.groupby(["date", "outcome"], as_index=False).agg(rows=("rows", "sum"), place=("place", "min"))
        charts.show(charts.stacked_days(summed, "outcome", "rows a day", order), f"Books by day, {period}", 300)
    with right:
        lost = _fewer(dated[dated["outcome"] != "clean"])
        order = list(lost.sort_values("place")["outcome"].unique())
        title = "rows a day not kept"
        charts.show(charts.stacked_days(lost, "outcome", title, order), f"Rows not kept by day, {period}", 300)


def _fewer(lost: pd.DataFrame) -> pd.DataFrame:
    """The rarest reasons as one, so that there are no more of them than colours."""
    totals = lost.groupby("outcome")["rows"].sum().sort_values(ascending=False)
    rare = list(totals.index[MOST_COLOURS - 1 :]) if len(totals) > MOST_COLOURS else []
    told = lost.assign(outcome=lost["outcome"].where(~lost["outcome"].isin(rare), "rejected: other reasons"))
    return told.groupby(["date", "outcome"], as_index=False).agg(rows=("rows", "sum"), place=("place", "max"))


def show_rejected(found: pd.DataFrame, period: Period) -> None:
    """The reasons with their meaning, and samples of one of them."""
    st.subheader("Rejected rows", anchor=False)
    rejected = found[found["outcome"].str.startswith("rejected")]
    if rejected.empty:
        st.markdown(":material/check_circle: No row was rejected in this period.")
        return
    counts = rejected.groupby("reason")["rows"].sum().sort_values(ascending=False)
    known = reject_meanings()
    told = [{"reason": name, "rows": int(rows), "meaning": known.get(str(name), "")} for name, rows in counts.items()]
    st.dataframe(told, hide_index=True, alt="Reject reasons with their number of rows and their meaning")
    reason = st.selectbox("Show rows that were rejected as", list(counts.index), key="reason", bind="query-params")
    rows = _samples(str(reason), period, warehouse().state())
    st.dataframe(rows, hide_index=True, alt=f"Samples of rows rejected as {reason}")
    st.caption(f"At most {SAMPLES} rows, personal values masked. All of them: `retail rejected --reason {reason}`.")


@st.cache_data(max_entries=32, show_spinner=False)
def _samples(reason: str, period: Period, state: str) -> list[dict[str, Any]]:
    """Samples, read once as long as the warehouse is in this state."""
    return samples(reason, period, SAMPLES)


def show_files() -> None:
    """Every landed file and its state."""
    st.subheader("Landed files", anchor=False)
    files = landed_files(open_platform())
    states = pd.Series([file.state for file in files], dtype=str).value_counts()
    st.markdown(", ".join(f"**{count:,}** {state}" for state, count in states.items()) or "Nothing has landed yet.")
    table = [
        {
            "file": file.name,
            "state": file.state,
            "rows": file.rows,
            "rejected": file.rejected,
            "first date": file.first_date,
            "last date": file.last_date,
            "size": human_bytes(file.bytes),
            "landed (UTC)": file.landed_at[:19].replace("T", " "),
            "detail": file.detail,
        }
        for file in sorted(files, key=lambda file: (file.state == "landed", file.name))
    ]
    if table:
        st.dataframe(table, hide_index=True, height=300, alt="Landed files and their state")


needs("features", "dim_date", "data_quality")
period = choose_period()
books = outcomes(warehouse().ask("books", **period.bounds).to_pandas())
show_totals(books)
show_findings(period)
show_books(books, period)
show_rejected(books, period)
show_files()
history.show_checks()
