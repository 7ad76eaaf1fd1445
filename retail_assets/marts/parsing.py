"""What a mart's SQL reads, told by DuckDB's own parser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retail_assets.contracts.contract import quote_literal
from retail_assets.contracts.naming import PARTITIONS
from retail_assets.marts.mart import MartError

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection

REQUESTED = f"requested{PARTITIONS}"
"""The table of the partitions that are asked for."""
LONGEST = 300
NO_FILES = "a mart reads datasets and no files: nobody would know when one changes, so declare it as a source"


@dataclass(frozen=True)
class ParsedSQL:
    """One SELECT: the tables that it names, in lower case, with the place of each, and whether it orders its rows."""

    path: Path
    text: str
    tables: dict[str, tuple[int, int] | None]
    is_ordered: bool

    @classmethod
    def read(cls, path: Path, connection: DuckDBPyConnection) -> ParsedSQL:
        """Parse the file.

        Raises:
            MartError: it is no single SELECT; with line and column of what DuckDB does not understand.
        """
        text = path.read_text(encoding="utf-8").rstrip().removesuffix(";")
        (answer,) = connection.execute(f"SELECT json_serialize_sql({quote_literal(text)})").fetchone() or ("{}",)
        document = json.loads(answer)
        if document["error"]:
            raise MartError(path, _said(document), _position(text, document.get("position")))
        statements = document["statements"]
        if len(statements) != 1:
            raise MartError(path, f"a mart is one SELECT, and this file holds {len(statements) or 'none'}")
        places = {node["table_name"].lower(): place_of(text, node["query_location"]) for node in _tables(statements[0])}
        names = _names(text, connection, statements[0], places)
        orders = [item for item in statements[0]["node"]["modifiers"] if item["type"] == "ORDER_MODIFIER"]
        return cls(path, text, {name: places.get(name) for name in names}, bool(orders))

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that are read, be it only by the list of their partitions."""
        return tuple(sorted({name.removesuffix(PARTITIONS) for name in self.tables if name != REQUESTED}))

    def error(self, message: str, dataset: str) -> MartError:
        """What is wrong with reading this dataset."""
        return MartError(self.path, message, self.tables.get(dataset) or self.tables.get(f"{dataset}{PARTITIONS}"))


def place_of(text: str, offset: int) -> tuple[int, int] | None:
    """Line and column, from 1, of what begins so many bytes into the text."""
    data = text.encode()
    if not 0 <= offset <= len(data):
        return None
    before = data[:offset].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def refusal(path: Path, text: str, error: duckdb.Error, before: str = "") -> MartError:
    """What DuckDB has against the text, which stood behind ``before`` in what it was given."""
    found = told(error)
    offset = int(found.get("position", -1)) - len(before.encode())
    is_file = found.get("exception_type") == "Permission"
    return MartError(path, NO_FILES if is_file else one_line(found["exception_message"]), place_of(text, offset))


def one_line(text: str) -> str:
    """What DuckDB says over several lines; its longer lists are cut off."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def told(error: duckdb.Error) -> dict[str, str]:
    """What DuckDB says, in its parts: it was asked to say it as JSON, behind the kind of error."""
    said = str(error)
    try:
        found: dict[str, str] = json.loads(said[said.index("{") :])
        return found
    except ValueError:
        return {"exception_message": said}


def _names(text: str, connection: DuckDBPyConnection, statement: Any, tables: Iterable[str]) -> list[str]:
    """The tables that are read; the names of CTEs are not among them."""
    import duckdb

    try:
        return sorted(name.lower() for name in connection.get_table_names(text))
    except duckdb.Error:  # it looks up functions, and what is wrong with these is told with its place later
        return sorted({*tables} - {str(name).lower() for name in _ctes(statement)})


def _said(document: dict[str, Any]) -> str:
    if "Only SELECT" in document["error_message"]:
        return "a mart is one SELECT: nothing else can be told what it reads"
    return str(document["error_message"])


def _position(text: str, position: str | None) -> tuple[int, int] | None:
    return place_of(text, int(position)) if position else None


def _tables(node: Any) -> Iterator[dict[str, Any]]:
    """Every table in the tree of a statement."""
    return (item for item in _nodes(node) if item.get("type") == "BASE_TABLE")


def _ctes(node: Any) -> Iterator[str]:
    return (entry["key"] for item in _nodes(node) if "cte_map" in item for entry in item["cte_map"]["map"])


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every node in the tree of a statement."""
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(value)
