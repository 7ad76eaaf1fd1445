"""The state of a source: which files were read, as what, and what they hold; one small file, replaced in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from retail_assets.contracts import Contract
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.partition import Partition
from retail_assets.sources.declared.errors import SourceUnavailable

FORMAT = 1
NAME = "state.json"
PARTS = "parts"


@dataclass(frozen=True)
class Part:
    """The rows of one content of a file: Parquet of typed rows, and of rejected ones where there are any."""

    key: str
    rows: int
    bytes: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    rejected_bytes: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, str]:
        """The files of the part."""
        return (self.good_name, self.rejected_name)

    @property
    def good_name(self) -> str:
        """The file of typed rows."""
        return f"{self.key}.parquet"

    @property
    def rejected_name(self) -> str:
        """The file of rejected rows."""
        return f"{self.key}.rejected.parquet"


@dataclass(frozen=True)
class SeenFile:
    """A file as it was last looked at. Of a blocked one, the part is that of what it held before, if anything."""

    name: str
    bytes: int
    stamp: str
    """Time of change, or on S3 the ETag: with name and size, what it is known again by."""
    sha256: str
    part: Part | None
    blocked: str = ""
    """Why it cannot be read."""


@dataclass(frozen=True)
class SourceState:
    """Everything that is known of a source's data."""

    folder: Path
    reader: str = ""
    """Digest of what reading depends on besides the files."""
    files: tuple[SeenFile, ...] = ()
    days: Mapping[str, str] = field(default_factory=dict)
    """By date, rows and a digest of them, of a source that is partitioned."""
    rows: int = 0
    """Rows of the dataset: those of all files but for what came more than once."""
    cursor: str = ""
    """Up to where a source that is asked for what is new has been read."""

    @property
    def parts(self) -> list[Part]:
        """The parts that make the dataset, in the order of files."""
        return [seen.part for seen in self.files if seen.part]

    def received(self, contract: Contract) -> Dataset:
        """The typed rows of all files as an input for queries."""
        return self._dataset(contract, [(part.key, part.good_name, part.rows, part.bytes) for part in self.parts])

    def rejected(self, contract: Contract) -> Dataset:
        """The rejected rows of all files as an input for queries."""
        refused = [
            (f"{part.key} rejected", part.rejected_name, sum(part.rejected.values()), part.rejected_bytes)
            for part in self.parts
            if part.rejected
        ]
        return self._dataset(contract, refused)

    def _dataset(self, contract: Contract, found: list[tuple[str, str, int, int]]) -> Dataset:
        folder = self.folder / PARTS
        objects = (
            StoredObject(Partition(), str(folder / name), rows, size, digest) for digest, name, rows, size in found
        )
        return Dataset(contract, tuple(objects))


def read_state(folder: Path) -> SourceState:
    """The state in ``folder``; an empty one where there is none.

    Raises:
        SourceUnavailable: the file cannot be read, or is damaged; the message names it and the mend.
    """
    path = folder / NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return SourceState(
            folder,
            document["reader"],
            tuple(_seen(item) for item in document["files"]),
            document["days"],
            document["rows"],
            document["cursor"],
        )
    except FileNotFoundError:
        return SourceState(folder)
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read ({error.strerror}). Mend that, and try again.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SourceUnavailable(f"{path} is damaged ({error}). Remove it: the files are read anew.") from error


def state_text(state: SourceState) -> str:
    """The state as the text of its file."""
    document = {
        "format": FORMAT,
        "reader": state.reader,
        "rows": state.rows,
        "cursor": state.cursor,
        "days": state.days,
        "files": [asdict(seen) for seen in state.files],
    }
    return json.dumps(document, indent=1) + "\n"


def _seen(item: dict[str, Any]) -> SeenFile:
    part = Part(**item["part"]) if item["part"] else None
    return SeenFile(**{**item, "part": part})
