"""Opens a platform's Dagster instance and definitions in this process."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

    from retail_assets.settings import Settings

INSTANCE_MARKS = ("dagster.yaml", "history")
"""What a folder holds that a Dagster instance lives in."""
NO_LOG_FILES = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


def open_definitions(settings: Settings) -> dg.Definitions:
    """The definitions of this platform, even where another one's were loaded before."""
    from retail_assets.definitions import platform_definitions

    return platform_definitions(settings)


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The platform's Dagster instance, made where there is none, as suits runs in this process.

    What steps print goes to the terminal instead of a log file, which would cost four processes a run.
    """
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    from retail_assets.automation.event_log import with_batches
    from retail_assets.automation.instance import use_instance_of
    from retail_assets.engine.locking import exclusive

    _spare_the_disk()
    home = use_instance_of(settings)
    reference = InstanceRef.from_dir(str(home), overrides={"compute_logs": NO_LOG_FILES})
    with exclusive(home / ".opening.lock", "opening the Dagster instance"):  # two at once would make its tables twice
        instance = DagsterInstance.from_ref(with_batches(reference))
    with instance as opened:
        yield opened


@cache
def _spare_the_disk() -> None:
    """Let SQLite return before the disk has confirmed: half the time of a backfill, which records thousands of events.

    A process that dies loses nothing. A power cut may cost the history of runs, but no data: a backfill records anew
    what the instance does not know.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def relax(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def open_existing_instance(settings: Settings) -> Iterator[dg.DagsterInstance | None]:
    """The platform's Dagster instance, or None where nothing has made one yet."""
    home = instance_home(settings)
    if not any((home / mark).exists() for mark in INSTANCE_MARKS):
        yield None
        return
    with open_instance(settings) as opened:
        yield opened


def instance_home(settings: Settings) -> Path:
    """Where the instance lives, or would."""
    return Path(os.environ.get("DAGSTER_HOME", settings.dagster_home))
