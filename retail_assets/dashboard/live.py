"""Follows the platform: a page shows what is published within two seconds, and keeps what its user has chosen."""

from __future__ import annotations

import time
from threading import Lock

import streamlit as st

from retail_assets.dashboard.opening import open_platform, warehouse
from retail_assets.engine.s3_errors import S3Error
from retail_assets.questions.warehouse import UnreadableWarehouse

SEEN = "state that the page shows"
SECONDS_ON_S3 = 2.0
"""Between two looks at what landed on S3, which lists objects; one look serves all pages."""


class _Landed:
    """What has landed, as all open pages know it."""

    def __init__(self) -> None:
        self._lock, self._looked_at, self._version = Lock(), float("-inf"), ""

    def version(self) -> str:
        ledger, is_on_s3 = open_platform().landing.ledger, bool(open_platform().settings.lake_url)
        with self._lock:
            if time.monotonic() - self._looked_at >= (SECONDS_ON_S3 if is_on_s3 else 0):
                self._version = ledger.version()
                self._looked_at = time.monotonic()
            return self._version


_landed = _Landed()


def version() -> str:
    """Changes whenever anything does that pages show; the error where nothing can be seen."""
    try:
        return f"{warehouse().state()} {_landed.version()}"
    except (UnreadableWarehouse, S3Error) as error:
        return str(error)


def follow() -> None:
    """Run the page anew whenever the platform changes."""
    st.session_state[SEEN] = version()
    _look()


@st.fragment(run_every="0.5s")
def _look() -> None:
    if version() != st.session_state.get(SEEN):
        st.rerun()
