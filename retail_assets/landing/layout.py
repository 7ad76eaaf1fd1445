"""The columns of an incoming file, matched with the contract by name."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier, quote_literal

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
BYTE_ORDER_MARK = "\ufeff"


class BlockedFile(Exception):
    """A file that cannot be read without guessing: nothing of it is taken in."""

    def __init__(self, code: str, name: str, cause: str, mend: str) -> None:
        super().__init__(f"{code}: {name}: {cause}. {mend}")
        self.code = code


@dataclass(frozen=True)
class FileLayout:
    """How a file's columns map to the contract: received name by contract name, and the columns beyond it."""

    columns: tuple[str, ...]
    matched: dict[str, str]
    added: tuple[str, ...]
    missing: tuple[str, ...]

    def select_list(self) -> str:
        """The contract's received columns as text, missing ones NULL, added ones as a JSON object."""
        known = [column.name for column in contract("raw_events").received_columns]
        parts = [f"{self._source(name)} AS {quote_identifier(name)}" for name in known]
        return ", ".join([*parts, f"{self._added()} AS extra_columns"])

    def _source(self, name: str) -> str:
        return quote_identifier(self.matched[name]) if name in self.matched else "NULL::VARCHAR"

    def _added(self) -> str:
        if not self.added:
            return "NULL::VARCHAR"
        pairs = ", ".join(f"{quote_literal(name)}, {quote_identifier(name)}" for name in self.added)
        return f"json_object({pairs})::VARCHAR"


def match_columns(name: str, received: Sequence[str]) -> FileLayout:
    """Match received column names with the contract, whatever their order, case and outer spaces.

    Raises:
        BlockedFile: ``header_mismatch`` (no column is known), ``duplicate_column`` or ``missing_column``.
    """
    by_canonical: dict[str, str] = {}
    for column in received:
        canonical = column.strip().lower()
        if canonical in by_canonical:
            raise BlockedFile("duplicate_column", name, f"the header names {canonical!r} twice", "Remove one of the two.")
        by_canonical[canonical] = column
    known = contract("raw_events").received_columns
    matched = {column.name: by_canonical[column.name] for column in known if column.name in by_canonical}
    _require(name, received, matched)
    added = tuple(column for canonical, column in by_canonical.items() if canonical not in matched)
    missing = tuple(column.name for column in known if column.name not in matched)
    return FileLayout(tuple(received), matched, added, missing)


def _require(name: str, received: Sequence[str], matched: dict[str, str]) -> None:
    known = contract("raw_events").received_columns
    if not matched:
        wanted = ",".join(column.name for column in known)
        raise BlockedFile(
            "header_mismatch", name, f"its first line is {','.join(received)[:200]!r}",
            f"The first line must be a header, separated by commas, such as {wanted}.",
        )  # fmt: skip
    absent = [column.name for column in known if column.received == "required" and column.name not in matched]
    if absent:
        raise BlockedFile(
            "missing_column", name, f"the required columns {', '.join(absent)} are missing", "Export them too."
        )


def csv_header(path: Path, name: str) -> list[str]:
    """The names in the first line of a CSV file, gzipped or not.

    Raises:
        BlockedFile: ``empty_file``, or ``encoding`` where the first line is not UTF-8.
    """
    try:
        with open_text(path) as stream:
            return next(csv.reader(stream))
    except StopIteration:
        raise BlockedFile("empty_file", name, "it holds 0 bytes", "Deliver it again.") from None
    except UnicodeDecodeError as error:
        raise BlockedFile("encoding", name, f"it is not UTF-8 ({error.reason})", "Convert it to UTF-8.") from error
    except (EOFError, OSError) as error:
        raise BlockedFile("corrupt_gzip", name, f"it cannot be decompressed ({error})", "Deliver it again.") from error


def open_text(path: Path) -> IO[str]:
    """A CSV file as text; gzip is told by its first bytes, not by its name."""
    if starts_with(path, GZIP_MAGIC):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether the file's first bytes are these."""
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic
