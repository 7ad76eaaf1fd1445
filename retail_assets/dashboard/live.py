"""Follows the warehouse and the landed files: a page shows what changes there, and keeps what its user has chosen.

The lake, checks and marts are looked at whenever a page runs: a backfill changes them so often that pages would never
rest.
"""

from __future__ import annotations

import time
from threading import Lock, Thread

import streamlit as st

from retail_assets.dashboard.opening import open_platform, warehouse
from retail_assets.engine.s3_errors import S3Error

SEEN = "version that the page shows"
SECONDS, SECONDS_ON_S3 = 0.25, 1.0
"""Between two looks. On S3 each is a few requests, which take a while and cost a little."""
IDLE_SECONDS = 10
"""After this long without an open page nobody looks any more."""


class Watch:
    """What open pages follow; one thread looks on behalf of them all, so that they never wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: Thread | None = None
        self._version, self._asked_at = "", 0.0

    def version(self) -> str:
        """What was seen last: it changes whenever the warehouse does, or files land."""
        with self._lock:
            self._asked_at = time.monotonic()
            if self._thread is None:
                self._version = _look()
                self._thread = Thread(target=self._run, name="watch", daemon=True)
                self._thread.start()
            return self._version

    def _run(self) -> None:
        seconds = SECONDS_ON_S3 if open_platform().settings.lake_url else SECONDS
        try:
            while time.monotonic() - self._asked_at < IDLE_SECONDS:
                time.sleep(seconds)
                self._version = _look()
        finally:
            with self._lock:
                self._thread = None


def _look() -> str:
    try:
        return f"{warehouse().state()} {open_platform().landing.ledger.version()}"
    except (ValueError, S3Error, OSError) as error:  # the page itself says what is wrong
        return str(error)


_watch = Watch()


def follow() -> None:
    """Run the page anew whenever the warehouse changes, or files land."""
    st.session_state[SEEN] = _watch.version()
    _compare()


@st.fragment(run_every="0.5s")
def _compare() -> None:
    if _watch.version() != st.session_state.get(SEEN):
        st.rerun()
