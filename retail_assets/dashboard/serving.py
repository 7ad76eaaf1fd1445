"""Starts the server, and loads meanwhile what its first visitor would wait for: libraries, sums of the warehouse."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from threading import Thread

LOG = logging.getLogger(__name__)
APP = Path(__file__).with_name("app.py")
QUESTIONS = {"reach": {}, "search_keys": {"key_type": "product_id", "text": "", "chosen": (), "limit": 1}}
"""They need all sums that are computed once a state."""


def main() -> None:
    """Run Streamlit with these arguments until it is ended."""
    from streamlit.web.cli import main as streamlit

    Thread(target=_load, name="load", daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    streamlit()


def _load() -> None:
    import pandas  # noqa: F401 the pages use it
    import pyarrow  # noqa: F401 so they do this

    from retail_assets.dashboard.opening import open_platform, warehouse
    from retail_assets.questions.warehouse import UnreadableWarehouse

    open_platform()
    try:
        if {"features", "dim_product"} <= warehouse().tables():
            for question, values in QUESTIONS.items():
                warehouse().ask(question, **values)
    except UnreadableWarehouse as error:  # pages will say so to whoever opens them
        LOG.warning("%s", error)


if __name__ == "__main__":
    main()
