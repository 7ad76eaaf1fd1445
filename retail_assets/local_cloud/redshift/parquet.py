"""Parquet objects as COPY reads them: by position, into columns of the same types, as CSV for PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_identifier, quote_literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "512MiB"
TOO_LONG, IS_NULL, BAD_CHARACTER = 1204, 1213, 1220
"""Redshift's numbers of load errors."""
ACCEPTED = {
    "bigint": ("BIGINT",),
    "integer": ("INTEGER",),
    "smallint": ("SMALLINT", "TINYINT"),
    "boolean": ("BOOLEAN",),
    "double precision": ("DOUBLE",),
    "real": ("FLOAT",),
    "date": ("DATE",),
    "timestamp without time zone": ("TIMESTAMP",),
    "timestamp with time zone": ("TIMESTAMP WITH TIME ZONE",),
}
"""What Parquet may hold, by the type of the column that it goes into."""


@dataclass(frozen=True)
class TableColumn:
    """A column of the table that is loaded, with its type as the catalogue writes it."""

    name: str
    type: str
    required: bool

    @property
    def width(self) -> int | None:
        """Bytes that a text may have."""
        found = re.fullmatch(r"character(?: varying)?\((\d+)\)", self.type)
        return int(found[1]) if found else None

    def accepts(self, kind: str) -> bool:
        """Whether Parquet of this type (in DuckDB's words) may be loaded into the column."""
        if self.type.startswith("numeric"):
            return kind == self.type.replace("numeric", "DECIMAL")
        return kind in ACCEPTED.get(self.type, ("VARCHAR",))


class LoadFailure(Exception):
    """A load that failed at a row and column; ``line`` counts from 1."""

    def __init__(self, message: str, *, url: str = "", line: int = 0, column: TableColumn | None = None, code: int = 0):
        super().__init__(message)
        self.url, self.line, self.column, self.code = url, line, column, code


def write_csv(source: Path, url: str, columns: Sequence[TableColumn], target: Path) -> None:
    """Write the file's rows as CSV, in which an empty text is quoted and NULL is not.

    Raises:
        LoadFailure: the file does not fit the columns, or one of its values does not.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(target.parent)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        try:
            names = _matched(connection, source, url, columns)
        except duckdb.Error as error:
            raise LoadFailure(f"File '{url}' is not valid Parquet: {error}", url=url) from error
        _require_values(connection, source, url, columns, names)
        texts = ", ".join(quote_identifier(name) for name, column in names.items() if column.accepts("VARCHAR"))
        quoted = f", FORCE_QUOTE ({texts})" if texts else ""
        form = f"FORMAT csv, HEADER false, NULLSTR ''{quoted}"
        connection.execute(f"COPY (FROM {_read(source)}) TO {quote_literal(str(target))} ({form})")


def write_parquet(source: Path, names: Sequence[str], types: Sequence[str], target: Path) -> None:
    """Write the rows of such a CSV file as Parquet."""
    import duckdb

    kinds = ", ".join(f"{quote_literal(name)}: {quote_literal(kind)}" for name, kind in zip(names, types, strict=True))
    form = "header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false"
    text = f"read_csv({quote_literal(str(source))}, {form}, auto_detect = false, columns = {{{kinds}}})"
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(target.parent)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (FROM {text}) TO {quote_literal(str(target))} (FORMAT parquet)")


def _read(source: Path, *options: str) -> str:
    more = "".join(f", {option}" for option in ("hive_partitioning = false", *options))
    return f"read_parquet({quote_literal(str(source))}{more})"


def _matched(
    connection: DuckDBPyConnection, source: Path, url: str, columns: Sequence[TableColumn]
) -> dict[str, TableColumn]:
    """The table's columns by the names that the file has in their places."""
    found = connection.execute(f"DESCRIBE FROM {_read(source)}").fetchall()
    if len(found) != len(columns):
        raise LoadFailure(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {len(found)}, File name: {url}",
            url=url,
        )
    for (name, kind, *_), column in zip(found, columns, strict=True):
        if not column.accepts(kind):
            raise LoadFailure(
                f"Spectrum Scan Error: File '{url}' has an incompatible Parquet schema for column '{column.name}'. "
                f"Column type: {column.type.upper()}, Parquet schema: {name} {kind}",
                url=url,
                column=column,
            )
    return {row[0]: column for row, column in zip(found, columns, strict=True)}


def _require_values(
    connection: DuckDBPyConnection, source: Path, url: str, columns: Sequence[TableColumn], names: Iterable[str]
) -> None:
    """Refuse the first value that its column cannot hold."""
    rules: list[tuple[TableColumn, int, str]] = []
    for name, column in zip(names, columns, strict=True):
        quoted = quote_identifier(name)
        if column.required:
            rules.append((column, IS_NULL, f"{quoted} IS NULL"))
        if column.width is not None:
            rules.append((column, TOO_LONG, f"strlen({quoted}) > {column.width}"))
            rules.append((column, BAD_CHARACTER, f"contains({quoted}, chr(0))"))
    if not rules:
        return
    firsts = ", ".join(f"min(file_row_number) FILTER (WHERE {rule})" for *_, rule in rules)
    found = connection.execute(f"SELECT {firsts} FROM {_read(source, 'file_row_number = true')}").fetchone() or ()
    broken = [
        (line + 1, column, code) for line, (column, code, _) in zip(found, rules, strict=True) if line is not None
    ]
    if broken:
        line, column, code = min(broken, key=lambda item: item[0])
        raise LoadFailure(_reason(column, code), url=url, line=line, column=column, code=code)


def _reason(column: TableColumn, code: int) -> str:
    return {
        IS_NULL: "Missing data for not-null field",
        TOO_LONG: f"String length exceeds DDL length: {column.type}",
        BAD_CHARACTER: "String contains invalid or unsupported UTF8 codepoints",
    }[code]
