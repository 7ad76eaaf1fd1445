"""What an API brings, as files of JSON Lines: everything anew, or what is new since the last time beside what was."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retail_assets.engine.durability import make_durable
from retail_assets.engine.identity import sha256_of
from retail_assets.landing.arrival import Arrival
from retail_assets.sources.declared.configuration import HttpSource
from retail_assets.sources.declared.delivery import Delivery
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.declared.state import SourceState
from retail_assets.sources.http.asking import Asking
from retail_assets.sources.http.pages import pages_of, within

RECEIVED = "received"


@dataclass(frozen=True)
class HttpDelivery:
    """The files that an API has brought below ``folder``."""

    source: HttpSource
    asking: Asking
    folder: Path

    @property
    def place(self) -> str:
        """The address."""
        return self.source.url

    def waiting(self, before: SourceState) -> list[Arrival]:
        """The files that were brought before: an API is asked only when somebody wants it to be."""
        return [_arrival(self.folder / seen.name) for seen in before.files if (self.folder / seen.name).exists()]

    def bring(self, before: SourceState, stage: Path) -> Delivery:
        """Ask the API, and keep what it says as one more file, or as the only one.

        Raises:
            SourceUnavailable: it does not answer to the end. Nothing of it is kept then, and the cursor stays.
        """
        received = stage / "received.jsonl"
        count, cursor = self._receive(before.cursor, received)
        held = self.waiting(before) if self.source.incremental else []
        if not count and not before.files:
            raise SourceUnavailable(f"{self.source.name}: {self.source.url} has no record yet. Ask again later.")
        if not count and not self.source.incremental:
            raise SourceUnavailable(
                f"{self.source.name}: {self.source.url} has no record any more; the dataset stays. "
                "Remove the source if that is meant."
            )
        if not count or sha256_of(received) in {seen.sha256 for seen in before.files}:
            return Delivery(self.waiting(before), cursor)
        return Delivery([*held, _arrival(self._keep(received, before))], cursor)

    def _receive(self, cursor: str, target: Path) -> tuple[int, str]:
        """Write the records of all pages, one page in memory at a time; returns their number and the new cursor."""
        fresh, parameters = self.source.incremental, dict(self.source.parameters)
        if fresh and cursor:
            parameters[fresh.parameter] = cursor
        count = 0
        with closing(self.asking), target.open("w", encoding="utf-8") as lines:
            for records in pages_of(self.asking, parameters):
                for record in records:
                    lines.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
                    cursor = _later(cursor, within(record, fresh.field)) if fresh else ""
                count += len(records)
        return count, cursor

    def _keep(self, received: Path, before: SourceState) -> Path:
        """Give the file the next number. What a run that died has left is nobody's."""
        folder = self.folder / RECEIVED
        folder.mkdir(parents=True, exist_ok=True)
        known = {Path(seen.name).name for seen in before.files}
        for path in folder.iterdir():
            if path.name not in known:
                path.unlink()
        number = max((int(Path(name).stem) for name in known), default=0) + 1
        make_durable([received])
        return received.rename(folder / f"{number:06}.jsonl")


def _arrival(path: Path) -> Arrival:
    state = path.stat()
    return Arrival(f"{RECEIVED}/{path.name}", str(path), state.st_size, state.st_mtime_ns)


def _later(cursor: str, value: Any) -> str:
    """The greater of two values of the field, as numbers where both are some."""
    if value is None:
        return cursor
    text = str(value)
    if cursor.isdigit() and text.isdigit():
        return max(cursor, text, key=int)
    return max(cursor, text)
