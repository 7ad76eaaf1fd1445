"""Starts the server, and loads meanwhile what its first visitor would wait for: libraries, sums of the warehouse."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path
from threading import Thread

LOG = logging.getLogger(__name__)
APP = Path(__file__).with_name("app.py")


def main() -> None:
    """Run Streamlit with these arguments until it is ended."""
    from streamlit.web.cli import main as streamlit

    Thread(target=_load, name="load", daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    streamlit()


def _load() -> None:
    import pandas  # noqa: F401 the pages use it
    import pyarrow  # noqa: F401 so they do this

    try:
        _ask()
        import retail_assets.assets.dataset_asset  # noqa: F401 brings Dagster, for the catalogue and the history of checks
    finally:
        # Streamlit collects garbage after every run of a script or a part of one, twice a second for an open page.
        # Looking through what stays anyway took 0.28 CPU s a second; without it, 0.02.
        gc.collect()
        gc.freeze()


def _ask() -> None:
    """Ask what the first pages will ask. What is wrong with the warehouse, they will say to whoever opens them."""
    from retail_assets.dashboard.opening import open_platform, warehouse

    try:
        open_platform()
        if {"features", "dim_product"} <= warehouse().tables():
            warehouse().ask("reach")
            warehouse().ask("search_keys", key_type="product_id", text="", chosen=(), limit=1)
    except ValueError as error:
        LOG.warning("%s", error)
    except Exception:
        LOG.exception("the warehouse could not be asked beforehand")


if __name__ == "__main__":
    main()
