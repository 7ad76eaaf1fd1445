"""An inbox on S3: a prefix of a bucket below which event files arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.identity import sha256_of
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.arrival import Arrival, is_event_file
from retail_assets.landing.fetching import fetch
from retail_assets.landing.inbox import Wanted, named, require_event_file
from retail_assets.landing.listing import Found, listed


@dataclass(frozen=True)
class S3Inbox:
    """The objects below ``below``. ``source`` leads the names of its files.

    An object is known by key, ETag and size, so that nothing is fetched to see that nothing changed.
    """

    s3: S3
    below: S3Location
    source: str = ""

    @property
    def place(self) -> str:
        """The prefix as a URL."""
        return str(self.below)

    def arrivals(self, wanted: Wanted, known: Sequence[str] = ()) -> list[Arrival]:
        """The wanted event files, by name; hidden, temporary and other objects are left alone."""
        cut, prefix = len(named(self.source, "")), self.below.below
        keys = sorted(f"{prefix}{name[cut:]}" for name in known)

        def take(found: Found) -> Arrival | None:
            arrival = self._arrival(found)
            return arrival if arrival and wanted(arrival) else None

        taken = listed(self.s3, self.below, take, keys)
        return sorted(taken.values(), key=lambda arrival: arrival.name)

    def fetch(self, arrival: Arrival, folder: Path) -> Arrival:
        """The object as it was listed, as a private file of the same name's ending."""
        return fetch(self.s3, arrival, folder / f"received{Path(arrival.name).suffix}")

    def deliver(self, file: Path, name: str) -> int:
        """PUT it, in parts where it is large: it appears complete or not at all."""
        require_event_file(name)
        return self.s3.put_file(self.below / name, file, sha256_of(file)).bytes

    def holds(self, file: Path, name: str) -> bool:
        """Whether there is an object of that name that says of itself that it has these bytes."""
        found = self.s3.state(self.below / name)
        return found is not None and found.bytes == file.stat().st_size and found.sha256 == sha256_of(file)

    def _arrival(self, found: Found) -> Arrival | None:
        path = found.key[len(self.below.below) :]
        if not is_event_file(path):
            return None
        location = f"s3://{self.below.bucket}/{found.key}"
        return Arrival(named(self.source, path), location, found.bytes, found.mtime_ns, found.etag, self.source)
