"""Where landed rows are kept: one place of parts a content, and its rejected rows beside those of other datasets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from retail_assets.engine.objects import Objects
from retail_assets.engine.partition import NULL_FOLDER
from retail_assets.landing.ledger import LandedFile

PRIVATE = ".reading-"
"""Folders of files that are being read."""
REJECTED_NAME = "rejected.parquet"
QUARANTINED = f"stage=landing/date={NULL_FOLDER}"
REJECTED_SIZE = ""
"""Stands for the rejected rows among the sizes of a file's parts: they have no date in common."""
KEPT_SECONDS = 24 * 3600
"""Parts that nothing refers to any more stay for so long: a run may still be reading them."""


class Keeper(Protocol):
    """Keeps what is being read."""

    @property
    def folder(self) -> Path:
        """Where private folders for reading are made."""

    def keep(self, rows: Path, file_id: str) -> str:
        """Take over the files of what was read; returns the attempt by which its parts are told apart."""

    def confirm(self, entries: Iterable[LandedFile]) -> None:
        """Wait until the rows of these files would survive anything, so that the ledger may rely on them."""


class LandingStorage(Protocol):
    """The ledger's objects, the parts and the quarantine of a lake's landing zone."""

    @property
    def ledger_objects(self) -> Objects:
        """What the ledger is made of."""

    @property
    def is_busy(self) -> bool:
        """Whether a run is taking in files at this moment."""

    @property
    def is_unsettled(self) -> bool:
        """Whether a process died while it changed the ledger."""

    def exclusive(self) -> AbstractContextManager[None]:
        """The right to take in files; waits for whoever has it."""

    def keeping(self) -> AbstractContextManager[Keeper]:
        """Whoever keeps what is read meanwhile."""

    def part(self, entry: LandedFile, day: str) -> str:
        """Where the rows of a date of a file are."""

    def rejected(self, entry: LandedFile) -> tuple[str, int]:
        """Where the rejected rows of a file are, for readers that know of it from the ledger, and their bytes."""

    def discard(self, entry: LandedFile) -> None:
        """Remove the parts of a file that did not get into the ledger."""

    def settling(self, shown: Collection[LandedFile], retired: Collection[LandedFile]) -> AbstractContextManager[None]:
        """Around a change of the ledger: the quarantine that others read as plain objects follows it.

        Should the process die in between, ``is_unsettled`` says so to the next one, which sweeps.
        """

    def sweep(self, standing: Callable[[], Collection[LandedFile]]) -> None:
        """Put right what dead runs left, and remove what has been unused for long. Only for who has the right.

        ``standing`` reads the entries that stand for rows.
        """
