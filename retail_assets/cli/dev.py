"""`retail dev`: Dagster's UI and daemon on this platform."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Annotated

import typer

from retail_assets.cli.output import note

UNWANTED = "ignore:Function `dev_command` is superseded"
"""Dagster would rather see its `dg`, which reads another configuration."""


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI.")] = 3000,
    host: Annotated[str, typer.Option(help="Address to listen on; other machines reach 0.0.0.0.")] = "127.0.0.1",
) -> None:
    """Start Dagster's UI and daemon on this platform.

    Both see what `retail backfill` has built, and can build themselves. Ctrl-C ends them.
    """
    from retail_assets.automation.instance import use_instance_of, workspace_file
    from retail_assets.settings import settings

    require_free(host, port)
    chosen = settings()
    os.environ["RETAIL_DATA_DIR"] = str(chosen.data_dir)  # absolute: Dagster's processes may start elsewhere
    os.environ["RETAIL_MARTS_DIR"] = str(chosen.marts_dir)
    os.environ["RETAIL_SOURCES_FILE"] = str(chosen.sources_file)
    home = use_instance_of(chosen)
    workspace = workspace_file()
    where = ["-w", str(workspace)] if workspace.exists() else ["-m", "retail_assets.definitions"]
    note(f"Dagster's UI: http://{host}:{port} (ready in a few seconds; Ctrl-C ends it). Its instance: {home}")
    # A shell's background job starts with SIGINT ignored, and Dagster would inherit that: nothing could end it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = [sys.executable, "-W", UNWANTED, "-m", "dagster", "dev", *where, "-h", host, "-p", str(port)]
    os.execv(sys.executable, command)  # noqa: S606 no shell is wanted


def require_free(host: str, port: int) -> None:
    """Refuse an address that another program listens on.

    Raises:
        ValueError: the message names another way.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ValueError(
                f"cannot listen on {host}:{port} ({error.strerror}). Another `retail dev` may be running; "
                f"choose another port with --port {port % 65535 + 1}."
            ) from None
