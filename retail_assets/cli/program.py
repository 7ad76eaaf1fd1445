"""The `retail` command as a process of its own: it collects garbage seldom, and leaves without clearing up memory."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from typing import NoReturn

from retail_assets.cli.main import main

ALLOCATIONS = 50_000
"""New objects before Python looks for garbage: at its 700, Dagster's 300,000 live ones cost a second of a backfill."""


def program() -> NoReturn:
    """Run the command line, then end the process.

    Taking apart what Dagster has loaded costs Python another 0.5 to 0.9 seconds; the system does it at once.
    """
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    code = 0
    try:
        main()
    except SystemExit as done:
        if not isinstance(done.code, int | None):
            raise
        code = done.code or 0
    if _is_alone() and _is_all_written():
        atexit._run_exitfuncs()
        if _is_all_written():  # what they had to say, too
            os._exit(code)
    sys.exit(code)


def _is_alone() -> bool:
    """Whether no thread is left that the process must wait for."""
    return all(thread is threading.main_thread() or thread.daemon for thread in threading.enumerate())


def _is_all_written() -> bool:
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream:  # None where the process was started without
                stream.flush()
    except (OSError, ValueError):  # a closed pipe: Python says so at its own end
        return False
    return True


if __name__ == "__main__":
    program()
