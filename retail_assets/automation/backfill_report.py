"""What a backfill did: files taken in, dates, and every stage."""

from __future__ import annotations

from dataclasses import dataclass

from retail_assets.assets.platform import Platform
from retail_assets.landing.ledger import LandedFile
from retail_assets.marts.mart import BrokenMart


@dataclass(frozen=True)
class StageReport:
    """What a backfill did for one step: partitions that were up to date, made, failed, or lacked their input.

    ``reasons`` says why partitions failed, a line each.
    """

    step: str
    up_to_date: int
    made: int
    failed: tuple[str, ...] = ()
    without_input: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackfillReport:
    """What a backfill did: files taken in, dates, and every stage."""

    files: tuple[LandedFile, ...]
    dates: tuple[str, ...]
    stages: tuple[StageReport, ...] = ()
    empty_dates: tuple[str, ...] = ()

    @property
    def blocked_files(self) -> list[LandedFile]:
        """Files that could not be read."""
        return [entry for entry in self.files if entry.state == "blocked"]

    @property
    def succeeded(self) -> bool:
        """Whether every file was readable and every wanted partition is published."""
        return not self.blocked_files and not any(stage.failed or stage.without_input for stage in self.stages)


def not_made(name: str, reason: str) -> StageReport:
    """What cannot be made at all, and why."""
    return StageReport(name, up_to_date=0, made=0, failed=("all",), reasons=tuple(reason.splitlines()))


def broken_stage(mart: BrokenMart) -> StageReport:
    """A mart that cannot be made."""
    return not_made(mart.name, str(mart.error))


def blocked_before(platform: Platform) -> dict[str, LandedFile]:
    """Files that could not be read, whenever they came, by name."""
    return {name: entry for name, entry in platform.landing.files().items() if entry.state == "blocked"}
