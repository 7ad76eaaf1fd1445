"""Follows the platform: a page shows what is published within two seconds, and keeps what its user has chosen."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

SEEN = "state that the page shows"


def follow(version: Callable[[], str]) -> None:
    """Run the page anew whenever the version changes."""
    st.session_state[SEEN] = version()
    _look(version)


@st.fragment(run_every="0.5s")
def _look(version: Callable[[], str]) -> None:
    if version() != st.session_state.get(SEEN):
        st.rerun()
