"""Sources of events: an inbox each, and how its files are to be read."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from retail_assets.contracts import contract
from retail_assets.engine.query import first_reason, sql_text
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.inbox import FolderInbox, Inbox, named
from retail_assets.landing.reading import Times
from retail_assets.landing.s3_inbox import S3Inbox
from retail_assets.settings import Settings

READER_VERSION = 2
"""Raised when the way that files are read changes what is read: then they are read again."""


@dataclass(frozen=True)
class EventSource:
    """An inbox and the settings that hold for its files. The landing folder's name is empty."""

    name: str
    inbox: Inbox
    settings: Settings
    times: Times
    reader: str
    """Digest of everything that reading depends on."""

    def brought(self, name: str) -> bool:
        """Whether a landed file of that name is from here."""
        return name.startswith(named(self.name, "")) if self.name else "://" not in name


def event_sources(settings: Settings) -> dict[str, EventSource]:
    """All sources of a platform by name: the landing folder, or its place on S3, then those of RETAIL_SOURCES."""
    found = {"": _source(settings, "", settings.inbox, settings)}
    for source in settings.sources:
        found[source.name] = _source(settings, source.name, source.place, settings.model_copy(update=source.own))
    return found


def _source(platform: Settings, name: str, place: str, own: Settings) -> EventSource:
    times = _times(platform, own)
    return EventSource(name, _inbox(own, name, place), own, times, _reader_digest(own, times))


def _inbox(settings: Settings, name: str, place: str) -> Inbox:
    return S3Inbox(S3(settings.s3), S3Location.of(place), name) if is_s3(place) else FolderInbox(Path(place), name)


def _times(platform: Settings, own: Settings) -> Times:
    """How times of a source are written, so that the platform's own format reads them as the source means them."""
    if own.event_time_format != platform.event_time_format:
        return "utc"
    return "as_received" if own.source_timezone == platform.source_timezone else "utc_if_naive"


def _reader_digest(settings: Settings, times: Times) -> str:
    """Digest of the settings, macros and contract that reading depends on."""
    chosen = {"source_timezone", "source_encoding", "event_time_format", "start_date", "future_tolerance_minutes"}
    received = [(column.name, column.received) for column in contract("raw_events").columns]
    macros = re.sub(r"--.*", "", sql_text("macros"))
    parts = [READER_VERSION, settings.model_dump(mode="json", include=chosen), macros, received]
    if times != "as_received":
        parts.append(times)
    text = json.dumps([*parts, first_reason(contract("raw_events"))], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
