"""What makes a file known again: after it was moved, for as long as nobody has changed it, and by its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path


def identity(path: Path) -> list[int]:
    """Inode, size and time of the last change.

    Raises:
        FileNotFoundError: there is no such file.
    """
    state = path.stat()
    return [state.st_ino, state.st_size, state.st_mtime_ns]


def sha256_of(file: Path) -> str:
    """The digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def identity_at(path: Path) -> list[int] | None:
    """The identity of the file at this place, where there is one."""
    try:
        return identity(path)
    except FileNotFoundError:
        return None
