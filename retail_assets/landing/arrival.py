"""Arrivals: files that lie in an inbox, as a listing tells of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".csv", ".csv.gz", ".parquet")
HIDDEN = (".", "_")
"""Names that begin so are hidden, as Spark and Hive have it; temporary files are, or have an ending of their own."""


class FileChanged(Exception):
    """A file is not what it was when it was listed: it is left alone until it keeps still."""


@dataclass(frozen=True)
class Arrival:
    """A file in an inbox: its name (path below the inbox, after that of its source), size and time of change."""

    name: str
    location: str
    bytes: int
    mtime_ns: int
    etag: str = ""
    """By which it is known again on S3, where the time says less."""
    source: str = ""
    """The name of the source that it is from; empty for the landing folder."""

    @property
    def path(self) -> Path:
        """Where it lies. Made when asked for: parsing the paths of 100,000 files takes longer than listing them."""
        return Path(self.location)


def is_event_file(path: str) -> bool:
    """Whether the path below an inbox is that of an event file, with no hidden folder on its way.

    One that holds ``://`` would pass for a file of another source.
    """
    is_hidden = path.startswith(HIDDEN) or "/." in path or "/_" in path
    return not is_hidden and "://" not in path and path.lower().endswith(SUFFIXES)


def require_unchanged(arrival: Arrival, state: os.stat_result | None = None) -> None:
    """Refuse a file that is not what it was when it was listed.

    Raises:
        FileChanged: its size or time of change is another, or it is gone.
    """
    try:
        state = state or arrival.path.stat()
    except FileNotFoundError as error:
        raise FileChanged(f"{arrival.name} is gone") from error
    if (state.st_size, state.st_mtime_ns) != (arrival.bytes, arrival.mtime_ns):
        raise FileChanged(f"{arrival.name} is still being written")
