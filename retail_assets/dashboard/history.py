"""What Dagster's instance remembers of checks and materializations, read and never written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from retail_assets.dashboard.opening import open_platform
from retail_assets.inspection.instance import open_definitions, open_existing_instance
from retail_assets.inspection.records import CheckState, check_states, dataset_name, latest_change

LATEST, EACH = 200, 20
MOST_FINDINGS = 2


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a check."""

    at: datetime
    dataset: str
    check: str
    partition: str | None
    outcome: str


def history_version(version: str) -> str:
    """Changes whenever the platform does, whose version this is, or a run of Dagster begins or ends."""
    with open_existing_instance(open_platform().settings) as instance:
        return f"{version} {latest_change(instance) if instance else ''}"


@st.cache_data(max_entries=2, show_spinner="reading the history of checks …")
def recorded(version: str) -> tuple[list[CheckState], list[Evaluation]]:
    """What every check says now, and the latest of up to 20 evaluations of each, as of this version of the history."""
    platform = open_platform()
    with open_existing_instance(platform.settings) as instance:
        if instance is None:
            return [], []
        definitions = open_definitions(platform.settings)
        storage, found = instance.event_log_storage, []
        keys = definitions.resolve_asset_graph().asset_check_keys
        for key in keys:
            for record in storage.get_asset_check_execution_history(key, EACH):
                at = datetime.fromtimestamp(record.create_timestamp, UTC)
                outcome = record.status.value.lower()
                found.append(Evaluation(at, dataset_name(key.asset_key), key.name, record.partition, outcome))
        found.sort(key=lambda item: item.at, reverse=True)
        return check_states(instance, definitions), found[:LATEST]


def show_checks() -> None:
    """What the checks say now, the worst first, and what they said before."""
    st.subheader("Checks", anchor=False)
    states, evaluations = recorded(history_version(open_platform().version()))
    if not states:
        st.info("Dagster has run nothing on this platform yet, so there are no checks to tell of.")
        return
    order = ["failed", "warned", "not run", "passed"]
    rows = [
        {
            "dataset": item.dataset,
            "check": item.check,
            "state": item.state,
            "what it found": "; ".join(
                f"{finding.partition or 'all'}: {finding.detail}" for finding in item.findings[:MOST_FINDINGS]
            ),
        }
        for item in sorted(states, key=lambda item: (order.index(item.state), item.dataset, item.check))
    ]
    st.dataframe(rows, hide_index=True, alt="What every check says now")
    with st.expander(f"The latest evaluations, up to {EACH} of each check: {len(evaluations):,}"):
        st.dataframe(
            [
                {
                    "at (UTC)": item.at.strftime("%Y-%m-%d %H:%M:%S"),
                    "dataset": item.dataset,
                    "check": item.check,
                    "partition": item.partition,
                    "outcome": item.outcome,
                }
                for item in evaluations
            ],
            hide_index=True,
            alt="The latest evaluations of checks",
        )
