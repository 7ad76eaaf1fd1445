"""The columns of an incoming file, matched with the contract by name."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.census import HEAD_BYTES
from retail_assets.landing.streams import GZIP_MAGIC, chunks_of, decompressed, starts_with

BYTE_ORDER_MARK = "\ufeff"
LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Header:
    """The names in the first record of a CSV file, and how many lines it takes: names may hold newlines."""

    names: tuple[str, ...]
    lines: int


@dataclass(frozen=True)
class FileLayout:
    """How a file's columns map to the contract: the position of each contract column, and the columns beyond it."""

    received: tuple[str, ...]
    positions: dict[str, int]

    @property
    def width(self) -> int:
        """How many columns the file has."""
        return len(self.received)

    @property
    def added(self) -> list[str]:
        """Names of columns that the contract does not know."""
        return [self.received[position] for position in self._added_positions()]

    @property
    def missing(self) -> list[str]:
        """Contract columns that the file does not bring."""
        return [column.name for column in contract("raw_events").received_columns if column.name not in self.positions]

    def select_list(self, values: Sequence[str]) -> str:
        """The contract's received columns, missing ones NULL, added ones as a JSON object; ``values`` by position."""
        names = [column.name for column in contract("raw_events").received_columns]
        sources = [values[self.positions[name]] if name in self.positions else "NULL::VARCHAR" for name in names]
        chosen = [f"{source} AS {quote_identifier(name)}" for name, source in zip(names, sources, strict=True)]
        added = [f"{quote_literal(self.received[at])}, {values[at]}" for at in self._added_positions()]
        extra = f"json_object({', '.join(added)})::VARCHAR" if added else "NULL::VARCHAR"
        return ", ".join([*chosen, f"{extra} AS extra_columns"])

    def _added_positions(self) -> list[int]:
        known = set(self.positions.values())
        return [position for position in range(self.width) if position not in known]


def match_columns(name: str, received: Sequence[str]) -> FileLayout:
    """Match received column names with the contract, whatever their order, case and spaces.

    Raises:
        BlockedFile: ``header_mismatch`` (no column is known), ``duplicate_column`` or ``missing_column``.
    """
    positions = positions_by_alias(name, received)
    known = [column.name for column in contract("raw_events").received_columns]
    layout = FileLayout(tuple(received), {column: positions[column] for column in known if column in positions})
    _require(name, layout)
    return layout


def positions_by_alias(name: str, received: Sequence[str]) -> dict[str, int]:
    """Where each column stands, by its canonical name.

    Raises:
        BlockedFile: ``duplicate_column``.
    """
    positions: dict[str, int] = {}
    for position, column in enumerate(received):
        alias = canonical(column)
        if alias in positions:
            cause = f"the header names {alias!r} twice"
            raise BlockedFile("duplicate_column", name, cause, "Remove or rename one of the two.")
        positions[alias] = position
    return positions


def canonical(column: str) -> str:
    """The alias rule: case, outer spaces and byte-order marks do not count; spaces and hyphens are underscores."""
    return "_".join(column.strip(BYTE_ORDER_MARK).replace("-", " ").lower().split())


def read_header(head: bytes, name: str) -> Header:
    """The header that the first bytes of a text hold.

    Raises:
        BlockedFile: ``empty_file``, ``encoding`` or ``header_mismatch``.
    """
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
        records = csv.reader(io.StringIO(text, newline=""))
        names = tuple(next(records))
    except StopIteration:
        raise BlockedFile("empty_file", name, "it holds 0 bytes", "Deliver it again.") from None
    except UnicodeDecodeError as error:
        raise BlockedFile("encoding", name, f"it is not UTF-8 ({error.reason})", "Convert it to UTF-8.") from error
    except csv.Error as error:
        raise _no_header(name, text) from error
    if any("\0" in column for column in names):
        raise BlockedFile("encoding", name, "its header holds NUL bytes, as UTF-16 does", "Convert it to UTF-8.")
    if len(head) >= HEAD_BYTES and b"\n" not in head:
        raise _no_header(name, text)
    return Header(names, records.line_num)


def csv_header(path: Path, name: str) -> list[str]:
    """The names in the first line of a CSV file, gzipped or not, whatever it is called.

    Raises:
        BlockedFile: ``empty_file``, ``encoding``, ``corrupt_gzip`` or ``header_mismatch``.
    """
    with path.open("rb") as stream:
        chunks = chunks_of(stream)
        text = decompressed(chunks, name) if starts_with(path, GZIP_MAGIC) else chunks
        head = b"".join(islice((chunk for chunk in text if chunk), 1))
    return list(read_header(head[:HEAD_BYTES], name).names)


def _require(name: str, layout: FileLayout) -> None:
    if not layout.positions:
        raise _no_header(name, ",".join(layout.received))
    required = [column.name for column in contract("raw_events").columns if column.received == "required"]
    absent = [column for column in required if column not in layout.positions]
    if absent:
        cause = f"the required columns {', '.join(absent)} are missing"
        raise BlockedFile("missing_column", name, cause, "Export them too.")


def _no_header(name: str, first: str) -> BlockedFile:
    wanted = ",".join(column.name for column in contract("raw_events").received_columns)
    shown = first.split("\n", 1)[0][:LONGEST_SHOWN]
    return BlockedFile(
        "header_mismatch", name, f"its first line is {shown!r}",
        f"The first line must be a header, separated by commas, such as {wanted}.",
    )  # fmt: skip
