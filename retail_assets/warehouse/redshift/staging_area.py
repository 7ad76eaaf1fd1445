"""The private prefix on S3 through which rows pass on their way to Redshift and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from retail_assets.engine.identity import sha256_of
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3

KEPT = timedelta(days=1)
"""What is older than this was left behind by a process that died: no statement of Redshift's runs so long."""
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class StoredBytes:
    """An object on S3 and its size, as a manifest of COPY names it."""

    url: str
    bytes: int


@dataclass(frozen=True)
class StagingArea:
    """A prefix that nobody else writes below."""

    root: S3Location
    s3: S3

    @contextmanager
    def folder(self) -> Iterator[StagingFolder]:
        """A new prefix below, removed afterwards with all that is in it, as are those that were left behind."""
        self.sweep()
        folder = self.lasting()
        try:
            yield folder
        finally:
            folder.remove()

    def lasting(self) -> StagingFolder:
        """A new prefix below, which stays for a day at least."""
        stamp = datetime.now(UTC).strftime(STAMP)
        return StagingFolder(self.root / f"{stamp}-{uuid4().hex}", self.s3)

    def sweep(self) -> None:
        """Remove what was left behind."""
        for place, _, _ in list(self.s3.listed(self.root)):
            stamp = place.key.removeprefix(self.root.below).partition("-")[0]
            if _is_old(stamp):
                self.s3.remove(place)


@dataclass(frozen=True)
class StagingFolder:
    """One load's or one reader's own prefix."""

    place: S3Location
    s3: S3

    def put(self, file: Path, name: str) -> StoredBytes:
        """Bring a file there."""
        target = self.place / name
        self.s3.put_file(target, file, sha256_of(file))
        return StoredBytes(str(target), file.stat().st_size)

    def put_manifest(self, objects: Iterable[StoredBytes], name: str) -> str:
        """Write the list of exactly these objects as COPY reads it; returns its URL."""
        entries = [
            {"url": item.url, "mandatory": True, "meta": {"content_length": item.bytes}}  # Parquet needs the length
            for item in objects
        ]
        target = self.place / name
        self.s3.put(target, json.dumps({"entries": entries}).encode())
        return str(target)

    def remove(self) -> None:
        """Remove everything below the prefix."""
        for place, _, _ in list(self.s3.listed(self.place)):
            self.s3.remove(place)


def _is_old(stamp: str) -> bool:
    try:
        made = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False  # nothing of ours
    return datetime.now(UTC) - made > KEPT
