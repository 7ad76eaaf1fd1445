"""Deliveries: the files that a source has for us, whatever kind of source it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from retail_assets.landing.arrival import Arrival
from retail_assets.settings import Settings
from retail_assets.sources.declared.configuration import FilesSource
from retail_assets.sources.declared.state import SourceState
from retail_assets.sources.files.listing import files_of


class Delivery(NamedTuple):
    """All files that make the dataset now, and up to where a source that is asked for what is new has been read."""

    arrivals: list[Arrival]
    cursor: str = ""


class Deliverer(Protocol):
    """Brings the files of a source."""

    @property
    def place(self) -> str:
        """Where they come from, for people."""

    def waiting(self, before: SourceState) -> list[Arrival]:
        """The files that are there, at the cost of a listing at most."""

    def bring(self, before: SourceState, stage: Path) -> Delivery:
        """The files after the source was asked for what is new; ``stage`` is a private folder for the time being."""


@dataclass(frozen=True)
class FilesDelivery:
    """The files of folders and prefixes of S3, which others put there."""

    settings: Settings
    source: FilesSource
    base: Path

    @property
    def place(self) -> str:
        """The pattern and the places."""
        return f"{self.source.pattern} in {', '.join(self.source.locations)}"

    def waiting(self, before: SourceState) -> list[Arrival]:
        """What lies there."""
        return files_of(self.settings, self.base, self.source.locations, self.source)

    def bring(self, before: SourceState, stage: Path) -> Delivery:
        """The same."""
        return Delivery(self.waiting(before))
