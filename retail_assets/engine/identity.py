"""What makes a file known again: after it was moved, and for as long as nobody has changed it."""

from __future__ import annotations

from pathlib import Path


def identity(path: Path) -> list[int]:
    """Inode, size and time of the last change.

    Raises:
        FileNotFoundError: there is no such file.
    """
    state = path.stat()
    return [state.st_ino, state.st_size, state.st_mtime_ns]


def identity_at(path: Path) -> list[int] | None:
    """The identity of the file at this place, where there is one."""
    try:
        return identity(path)
    except FileNotFoundError:
        return None
