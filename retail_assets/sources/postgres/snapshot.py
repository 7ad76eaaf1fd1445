"""What was extracted: one snapshot of the shop's tables, as Parquet in a private folder, named by one small file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.durability import make_durable, write_whole
from retail_assets.engine.partition import Partition
from retail_assets.sources.postgres.connection import SourceError
from retail_assets.sources.postgres.watermark import Watermark

FORMAT = 1
NAME = "snapshot.json"
OBJECTS = "objects"


@dataclass(frozen=True)
class Measure:
    """What the database itself said of a decimal column: its exact sum, and values that are no finite number."""

    sum: str
    unreadable: int

    @property
    def total(self) -> Decimal:
        """The sum as a number."""
        return Decimal(self.sum)


@dataclass(frozen=True)
class Extracted:
    """One extracted table: its object, what it holds, and what the database said of it in the same snapshot."""

    name: str
    file: str
    rows: int
    bytes: int
    digest: str
    measures: Mapping[str, Measure]
    absent: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    watermark: Watermark | None = None


@dataclass(frozen=True)
class Snapshot:
    """All tables as they were at one moment."""

    folder: Path
    tables: Mapping[str, Extracted] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)
    """What queries of the database found, by name: facts of columns that never leave it in the clear."""
    fingerprint: str = ""

    def dataset(self, contract: Contract) -> Dataset:
        """An extracted table as an input for queries; without objects where nothing was extracted yet."""
        found = self.tables.get(contract.name)
        if found is None:
            return Dataset(contract, ())
        location = str(self.folder / OBJECTS / found.file)
        return Dataset(contract, (StoredObject(Partition(), location, found.rows, found.bytes, found.digest),))

    def path(self, table: Extracted) -> Path | None:
        """Where the content of a table lies already; None where it does not."""
        path = self.folder / OBJECTS / table.file
        return path if path.exists() else None

    def kept(self, table: Extracted) -> Extracted:
        """The same table, as the object that holds its content already where there is one."""
        path = self.path(table)
        return replace(table, bytes=path.stat().st_size) if path else table


def read_snapshot(folder: Path) -> Snapshot:
    """The latest snapshot in ``folder``; one without tables where there is none.

    Raises:
        SourceError: the file cannot be read, or is damaged; the message names it and the mend.
    """
    path = folder / NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"it is of format {document['format']}, and only {FORMAT} is known")
        tables = {item["name"]: _extracted(item) for item in document["tables"]}
        return Snapshot(folder, tables, document["findings"], document["fingerprint"])
    except FileNotFoundError:
        return Snapshot(folder)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}). Mend that, and try again.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{path} is damaged ({error}). Remove it: the next extraction makes it anew.") from error


def version_of(folder: Path) -> str:
    """Changes whenever a snapshot is published in ``folder``; empty before the first."""
    try:
        return str((folder / NAME).stat().st_mtime_ns)
    except FileNotFoundError:
        return ""


def publish_snapshot(snapshot: Snapshot, staged: Mapping[str, Path], *, keeps_previous: bool = True) -> None:
    """Show a snapshot in one atomic step; ``staged`` are its new files by name.

    The objects of the snapshot before stay, for whoever is reading them, unless nobody shall; older ones go.
    """
    objects = snapshot.folder / OBJECTS
    objects.mkdir(parents=True, exist_ok=True)
    before = {item.file for item in read_snapshot(snapshot.folder).tables.values()}
    make_durable(staged.values())
    for name, path in staged.items():
        path.replace(objects / name)
    tables = [asdict(item) for item in snapshot.tables.values()]
    document = {"format": FORMAT, "fingerprint": snapshot.fingerprint, "findings": snapshot.findings, "tables": tables}
    write_whole(snapshot.folder / NAME, json.dumps(document, indent=1) + "\n")
    kept = (before if keeps_previous else set()) | {item.file for item in snapshot.tables.values()}
    for path in objects.iterdir():
        if path.name not in kept:
            path.unlink()


def _extracted(item: dict[str, Any]) -> Extracted:
    measures = {name: Measure(**found) for name, found in item["measures"].items()}
    lists = {name: tuple(item[name]) for name in ("absent", "added")}
    mark = item.get("watermark")
    watermark = Watermark(**mark) if mark else None
    return Extracted(**{**item, "measures": measures, "watermark": watermark, **lists})
