"""Pieces: what several threads read of one file, a stretch each, and how that is put together by date."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.landed_rows import LandedRows, copy
from retail_assets.landing.reading import Count
from retail_assets.landing.slice_pool import SlicePool, results
from retail_assets.landing.storage import REJECTED_NAME

PIECES = "pieces"


@dataclass(frozen=True)
class Pieces:
    """What a stretch of a file held: its counts, a piece by day, and its rejected rows."""

    counts: list[Count]
    by_day: dict[str, Path]
    rejected: Path | None = None


def piece_path(folder: Path, number: int, day: str) -> Path:
    """Where the piece of that day and that stretch of a file is written; ``folder`` is the file's own."""
    return folder / PIECES / day / f"{number:06d}.parquet"


def write_pieces(rows: LandedRows, folder: Path, number: int, leave: str | None = None) -> Pieces:
    """Pieces and rejected rows of what is loaded, but for the piece of the day that is left to others."""
    counts = rows.counts()
    by_day = {}
    for day in sorted({count.day for count in counts if count.day and count.reason is None} - {leave}):
        by_day[day] = piece_path(folder, number, day)
        rows.write_part(day, by_day[day])
    rejected = None
    if any(count.reason for count in counts):
        rejected = folder / PIECES / f"{number:06d}-rejected.parquet"
        rows.write_rejected(rejected)
    rows.drop()
    return Pieces(counts, by_day, rejected)


def assemble(pool: SlicePool, folder: Path, found: Sequence[Pieces]) -> None:
    """Move pieces to where parts belong; a date of several pieces is put together in order of rows."""
    by_day: dict[str, list[Path]] = {}
    for pieces in found:
        for day, piece in pieces.by_day.items():
            by_day.setdefault(day, []).append(piece)
    targets = {folder / f"date={day}" / OBJECT_NAME: paths for day, paths in by_day.items()}
    if rejected := [pieces.rejected for pieces in found if pieces.rejected]:
        targets[folder / REJECTED_NAME] = rejected
    joining = [_join(pool, target, paths) for target, paths in targets.items()]
    results([future for future in joining if future])
    if targets:
        shutil.rmtree(folder / PIECES)


def _join(pool: SlicePool, target: Path, pieces: list[Path]) -> Future[int] | None:
    target.parent.mkdir(exist_ok=True)
    if len(pieces) == 1:
        pieces[0].rename(target)
        return None
    paths = ", ".join(quote_literal(str(path)) for path in pieces)
    select = f"SELECT * FROM read_parquet([{paths}], hive_partitioning = false) ORDER BY source_row"
    return pool.submit(lambda connection: copy(connection, select, target))
