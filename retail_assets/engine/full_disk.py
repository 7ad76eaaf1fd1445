"""A full disk: how it shows, and what to tell people. It says nothing about the data, so nothing is blocked over it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SIGNS = ("No space left", "Disk quota exceeded", "File too large", "database or disk is full")


class FullDisk(OSError):
    """There is no room to write; the message names the folder and the mend."""


def is_full_disk(error: BaseException) -> bool:
    """Whether the error came about for want of room on the disk."""
    if isinstance(error, OSError) and error.errno in NUMBERS:
        return True
    return any(sign in str(error) for sign in SIGNS)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say of an error for want of room which folder it is about.

    Raises:
        FullDisk: instead of an error that does not say it.
    """
    try:
        yield
    except FullDisk:
        raise
    except Exception as error:
        if not is_full_disk(error):
            raise
        first = str(error).strip().partition("\n")[0]
        raise FullDisk(
            f"no room to write below {folder}: {first}. What was published before stays. "
            "Free some room on that disk and run `retail backfill` again: it makes only what is still missing."
        ) from None  # the cause is in the message, and nobody shall be told of it alone
