"""What has landed: every file with its state, and every row that was rejected."""

from __future__ import annotations

from dataclasses import dataclass, replace

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset


@dataclass(frozen=True)
class LandedRow:
    """A row of the view ``landed_files``."""

    name: str
    state: str
    rows: int
    bytes: int
    first_date: str | None
    last_date: str | None
    rejected: int
    landed_at: str
    detail: str


def landed_files(platform: Platform) -> list[LandedRow]:
    """What the ledger knows of every file, by name."""
    found = []
    for name, entry in sorted(platform.landing.files().items()):
        dates = sorted(entry.parts)
        found.append(
            LandedRow(
                name=name,
                state=entry.state,
                rows=entry.rows,
                bytes=entry.bytes,
                first_date=dates[0] if dates else None,
                last_date=dates[-1] if dates else None,
                rejected=sum(book.rows for book in entry.books if book.reason not in ("received", "clean")),
                landed_at=entry.as_of,
                detail=entry.detail,
            )
        )
    return found


def rejected_events(platform: Platform) -> Dataset:
    """The rows that were rejected at landing or at cleaning."""
    cleaning = platform.stores["lake"].dataset(contract("rejected_events"))
    return replace(cleaning, objects=(*cleaning.objects, *platform.landing.rejected_events().objects))
