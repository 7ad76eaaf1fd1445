"""Catalogue: every dataset with its meaning, columns, origin and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.step import Step
from retail_assets.contracts import Contract
from retail_assets.dashboard.history import history_version
from retail_assets.dashboard.opening import open_platform
from retail_assets.engine.partition import dates_of
from retail_assets.inspection.instance import open_existing_instance
from retail_assets.inspection.lineage import Graph, read_graph
from retail_assets.inspection.records import last_materialized
from retail_assets.questions.numbers import NOTHING, compact, human_bytes


@dataclass(frozen=True)
class Entry:
    """A dataset, and where it lives."""

    name: str
    step: Step
    contract: Contract


def entries() -> dict[str, Entry]:
    """Every dataset by its name."""
    found = [
        Entry(step.label(item.name), step, item)
        for step in steps_of(open_platform().settings)
        for item in step.contracts()
    ]
    return {entry.name: entry for entry in found}


@st.cache_data(max_entries=2, show_spinner="reading when datasets were made …")
def made_at(version: str) -> dict[str, datetime]:
    """When each dataset was last materialized, as of this version of the history."""
    platform = open_platform()
    with open_existing_instance(platform.settings) as instance:
        keys = [asset_key(step, output) for step in steps_of(platform.settings) for output in step.outputs]
        return last_materialized(instance, keys) if instance else {}


@st.cache_data(ttl="1s", max_entries=2, show_spinner=False)
def _history(version: str) -> str:
    """The version of the history, which opens Dagster's instance: not at every key that is typed into the search."""
    return history_version(version)


@st.cache_data(max_entries=1, show_spinner="reading the lineage from the SQL …")
def graph(version: str) -> Graph:
    """The lineage of all datasets and columns, marts included, as of this version of the platform."""
    return read_graph(open_platform())


def choose(known: dict[str, Entry]) -> Entry | None:
    """Search by name, meaning or column, then choose one."""
    text = st.text_input(
        "Search datasets, columns and meanings", key="find", live="200ms", icon=":material/search:"
    ).lower()
    names = [name for name, entry in known.items() if text in _searched(entry)]
    if not names:
        st.info("Nothing is called or described like that.")
        return None
    chosen = st.selectbox("Dataset", names, key="dataset", bind="query-params")
    return known[chosen]


def _searched(entry: Entry) -> str:
    item = entry.contract
    columns = [f"{column.name} {column.description}" for column in item.columns]
    return " ".join([entry.name, item.purpose, item.usage, *columns]).lower()


def show_state(entry: Entry, version: str) -> None:
    """How much there is of it, and since when."""
    platform = open_platform()
    published = platform.store(entry.step).published(entry.contract)
    made = made_at(_history(version)).get(entry.name)
    dates = sorted(dates_of(published))
    facts = {
        "Rows": compact(sum(item.rows for item in published.values())),
        "Partitions": compact(len(published)),
        "Dates": f"{dates[0]} – {dates[-1]}" if dates else NOTHING,
        "Size": human_bytes(sum(item.bytes for item in published.values())),
        "Last materialized (UTC)": made.strftime("%Y-%m-%d %H:%M") if made else "never by Dagster",
        "Owner": entry.contract.owner,
    }
    st.markdown(" · ".join(f"{name}: **{value}**" for name, value in facts.items()))


def show_columns(entry: Entry, lineage: Graph) -> None:
    """The columns with type, meaning and origin."""
    rows = [
        {
            "column": column.name,
            "type": column.type,
            "meaning": column.description,
            "computed from": ", ".join(
                ".".join(part for part in node if part) for node in lineage.sources.get((entry.name, column.name), [])
            ),
            "classification": column.classification or "",
            "may be NULL": not column.required,
        }
        for column in entry.contract.columns
    ]
    st.dataframe(rows, hide_index=True, height="content", alt=f"Columns of {entry.name}")


def show_lineage(entry: Entry, lineage: Graph) -> None:
    """What it is made from, and what is made of it."""
    node = (entry.name, "")
    sources = [name for name, _ in lineage.sources.get(node, [])]
    consumers = [name for name, column in lineage.consumers.get(node, []) if not column]
    st.markdown(
        f"{', '.join(f'`{name}`' for name in sources) or 'nothing'} :material/arrow_forward: **`{entry.name}`** "
        f":material/arrow_forward: {', '.join(f'`{name}`' for name in consumers) or 'people'}"
    )


def show(entry: Entry) -> None:
    """All about one dataset."""
    version = open_platform().version()  # some requests, where the lake is on S3
    item, lineage = entry.contract, graph(version)
    st.subheader(entry.name, anchor=False)
    st.markdown(item.purpose)
    for text in (item.usage, item.limitations):
        if text:
            st.markdown(text)
    st.caption(f"Grain: {item.grain or 'one row'} · contract: {item.place}")
    show_state(entry, version)
    show_lineage(entry, lineage)
    show_columns(entry, lineage)
    key = "/".join(asset_key(entry.step, item.name).path)
    st.link_button(
        "Open in Dagster", f"{open_platform().settings.dagster_url}/assets/{key}", icon=":material/open_in_new:"
    )
    st.caption("Dagster's UI runs while `retail dev` does.")


if chosen := choose(entries()):
    show(chosen)
