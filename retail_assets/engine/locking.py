"""Locks between processes. The operating system releases them when their holder dies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retail_assets.engine.full_disk import explained

LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 2.0


def is_held(path: Path) -> bool:
    """Whether some process holds the lock file ``path`` at this moment."""
    from filelock import FileLock, Timeout

    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def exclusive(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock file ``path``; waits for another holder, and says in the log that it does.

    Raises:
        FullDisk: there was no room for what was written meanwhile.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        LOG.warning("another run is %s; waiting until it is done", purpose)
        lock.acquire()
    try:
        with explained(path.parent):
            yield
    finally:
        lock.release()
