"""`retail dashboard`: the platform's numbers in the browser."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from retail_assets.cli.dev import require_free
from retail_assets.cli.output import note

SERVING = "retail_assets.dashboard.serving"


def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the dashboard.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; other machines reach 0.0.0.0.")] = "127.0.0.1",
) -> None:
    """Show the platform's numbers in the browser.

    Overview, demand, funnel, forecast, sales, data quality and catalogue, from the warehouse, which open pages follow.
    Nothing is fetched from the network and nothing reported. Ctrl-C ends it.
    """
    from retail_assets.settings import settings

    if find_spec("streamlit") is None:
        raise ValueError("the dashboard needs Streamlit. Install it: pip install 'retail-assets[dashboard]'")
    require_free(host, port)
    os.environ["RETAIL_DATA_DIR"] = str(settings().data_dir)
    note(f"The dashboard: http://{host}:{port} (ready in a few seconds; Ctrl-C ends it)")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job starts with it ignored
    where = ["--server.address", host, "--server.port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", SERVING, *where])  # noqa: S606 no shell
