"""The columns of a source's file, matched with its contract by name and alias."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retail_assets.contracts import Column, Contract
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.census import HEAD_BYTES
from retail_assets.landing.layout import LONGEST_SHOWN, Header, canonical, positions_by_alias

FILLED = ("source_file", "source_row")
"""Columns that a contract may ask for and that no file brings: where a row came from."""
_RECEIVED = re.compile(r'\breceived\.(?:"([^"]+)"|(\w+))')


@dataclass(frozen=True)
class Layout:
    """How the columns of a file map to the names under which they are received."""

    names: tuple[str, ...]
    """The file's own names, by position."""
    positions: dict[str, int]
    """Of each name that the contract reads, where the file has it."""
    notes: dict[str, str]


def read_names(head: bytes, name: str, delimiter: str) -> Header:
    """The header that the first bytes of a text hold, commas and delimiter having changed places.

    Raises:
        BlockedFile: ``header_mismatch``.
    """
    text = head[:HEAD_BYTES].decode("utf-8", "ignore")
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(records)
    except (StopIteration, csv.Error) as error:
        shown = text.partition("\n")[0][:LONGEST_SHOWN]
        mend = f"The first line must be a header, separated by {delimiter!r}."
        raise BlockedFile("header_mismatch", name, f"its first line is {shown!r}", mend) from error
    swap = str.maketrans(f"{delimiter},", f",{delimiter}")
    return Header(tuple(text.translate(swap) for text in names), records.line_num)


def match(name: str, names: Sequence[str], contract: Contract) -> Layout:
    """Match the names of a file with what the contract reads.

    Raises:
        BlockedFile: ``duplicate_column``, ``header_mismatch`` (no column is known) or ``missing_column``.
    """
    found = positions_by_alias(name, names)
    positions = {
        wanted: found[alias]
        for wanted, aliases in names_read(contract).items()
        for alias in [next((alias for alias in map(canonical, aliases) if alias in found), None)]
        if alias
    }
    if not positions:
        shown = ", ".join(names)[:LONGEST_SHOWN]
        mend = f"The contract {contract.path} reads {', '.join(names_read(contract))}: correct that, or the file."
        raise BlockedFile("header_mismatch", name, f"its columns are {shown}", mend)
    missing = [column.name for column in contract.columns if _must_come(column) and column.name not in positions]
    if missing:
        mend = "Export them too, or give the contract an alias or a default."
        raise BlockedFile("missing_column", name, f"the required columns {', '.join(missing)} are missing", mend)
    return Layout(tuple(names), positions, _notes(names, positions, contract))


def names_read(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The names under which a contract reads what a file brings, each with the names that it may have there."""
    own = {
        column.name: (column.name, *column.aliases)
        for column in contract.columns
        if column.name not in FILLED and (column.received or not column.expression)
    }
    used = [name for column in contract.columns for name in _names_in(column.expression or "")]
    return {**{name: (name,) for name in used}, **own}


def _names_in(expression: str) -> list[str]:
    return [quoted or bare for quoted, bare in _RECEIVED.findall(expression)]


def _must_come(column: Column) -> bool:
    if column.received:
        return column.received == "required"
    return column.required and not column.expression and column.default is None and column.name not in FILLED


def _notes(names: Sequence[str], positions: dict[str, int], contract: Contract) -> dict[str, str]:
    known = set(positions.values())
    added = [own for position, own in enumerate(names) if position not in known]
    absent = [wanted for wanted in names_read(contract) if wanted not in positions]
    told = {
        "schema_added": ("unknown columns, not read", added),
        "schema_missing": ("missing columns, so NULL", absent),
    }
    return {kind: f"{len(found)} {what}: {', '.join(found)}" for kind, (what, found) in told.items() if found}
