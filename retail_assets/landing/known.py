"""What the ledger knows, as the taking in of files asks for it: by name, by content and by size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from retail_assets.landing.arrival import Arrival
from retail_assets.landing.ledger import LandedFile

CONTENT_DIGITS = 24


@dataclass
class Known:
    """The ledger's latest entries by name, and which name stands for each content.

    ``position`` is that of the ledger up to which this holds; entries that were learnt since are not in it yet.
    """

    entries: dict[str, LandedFile]
    position: int = 0
    _served: dict[str, str] = field(init=False)
    _sizes: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.renew(self.entries, self.position)

    def renew(self, entries: dict[str, LandedFile], position: int) -> None:
        """Forget what was learnt, and know what the ledger says by now."""
        self.entries, self.position = entries, position
        self._served = {content_of(entry): name for name, entry in self.entries.items() if entry.file_id}
        self._sizes = {entry.bytes for entry in self.entries.values()}

    def may_know(self, arrival: Arrival) -> bool:
        """Whether there is an entry of its name, or of as many bytes: then look before you read."""
        return arrival.name in self.entries or arrival.bytes in self._sizes

    def learn(self, entry: LandedFile) -> None:
        """Put an entry in the place of the one that its name had."""
        before = self.entries.get(entry.name)
        if before and before.file_id:
            self._served.pop(content_of(before), None)
        if entry.file_id:
            self._served[content_of(entry)] = entry.name
        self.entries[entry.name] = entry
        self._sizes.add(entry.bytes)

    @property
    def has_orphans(self) -> bool:
        """Whether a duplicate has lost its original, whose content was replaced: looked at again, it replaces it."""
        return any(entry.state == "duplicate" and not self._is_served(entry) for entry in self.entries.values())

    def original(self, name: str, sha256: str) -> str | None:
        """The other name under which these bytes have landed."""
        served = self._served.get(sha256[:CONTENT_DIGITS])
        return served if served != name else None

    def is_settled(self, arrival: Arrival, reader: str) -> bool:
        """Whether this file, in this size, time and reading, has been dealt with."""
        entry = self.entries.get(arrival.name)
        if entry is None or not _is_same(entry, arrival):
            return False
        if entry.state == "withdrawn":
            return True
        if entry.reader != reader:
            return False
        # A duplicate takes the place of its original when that one's content is replaced.
        return entry.state != "duplicate" or self._is_served(entry)

    def _is_served(self, entry: LandedFile) -> bool:
        return entry.sha256[:CONTENT_DIGITS] in self._served


class Redecided(NamedTuple):
    """What becomes of entries when others have been faster: those still to be added, and those that must not be."""

    entries: list[LandedFile]
    dropped: list[LandedFile]


def decided_again(
    entries: Sequence[LandedFile], before: Mapping[str, LandedFile], now: Mapping[str, LandedFile]
) -> Redecided:
    """Hold entries that were decided on ``before`` against what the ledger says ``now``.

    Bytes that have landed under another name meanwhile are a duplicate. A name that somebody else has dealt with, and a
    duplicate whose original is gone, are dropped: they are looked at anew when they are still pending then.
    """
    known, kept, dropped = Known(dict(now)), list[LandedFile](), list[LandedFile]()
    for entry in entries:
        decided = entry
        if now.get(entry.name) == entry:
            continue  # it got in, unheard
        original = known.original(entry.name, entry.sha256)
        if now.get(entry.name) != before.get(entry.name) or (entry.state == "duplicate" and not original):
            dropped.append(entry)
            continue
        if original and entry.state == "landed":
            dropped.append(entry)
            decided = duplicate(entry, original)
        known.learn(decided)
        kept.append(decided)
    return Redecided(kept, dropped)


def duplicate(entry: LandedFile, original: str) -> LandedFile:
    """The entry of a file that holds the same bytes as another one: it stands for no rows."""
    detail = f"the same bytes as {original}"
    return entry._replace(
        state="duplicate", detail=detail, file_id="", parts={}, sizes={}, rejected=(), notes={}, attempt=""
    )  # fmt: skip


def content_of(entry: LandedFile) -> str:
    """The digits of an entry's ``file_id`` that stand for the content."""
    return entry.file_id[:CONTENT_DIGITS]


def _is_same(entry: LandedFile, arrival: Arrival) -> bool:
    """Whether what lies there is what was last seen there."""
    if entry.bytes != arrival.bytes:
        return False
    return entry.etag == arrival.etag if arrival.etag else entry.mtime_ns == arrival.mtime_ns
