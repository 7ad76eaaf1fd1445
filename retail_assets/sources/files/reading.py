"""Read one file under a contract into two Parquet files: typed rows, and rejected ones with their reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.query import sql_text
from retail_assets.engine.session import one_thread, session
from retail_assets.engine.staging import parquet_options
from retail_assets.landing.arrival import Arrival
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.reader import first_lines, raise_unless_the_files_fault
from retail_assets.settings import Settings
from retail_assets.sources.declared.configuration import FileFormat
from retail_assets.sources.files.csv_rows import csv_rows
from retail_assets.sources.files.json_rows import json_rows
from retail_assets.sources.files.judging import judged_rows, part_contract
from retail_assets.sources.files.parquet_rows import parquet_rows
from retail_assets.sources.files.rows import ReceivedRows
from retail_assets.sources.files.unpacking import Unpacked, unpack

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READER_VERSION = 1
"""Raised when the way that files are read changes what is read: then they are read again."""
CASTS = "sources/casts"
GOOD = "good.parquet"
REFUSED = "rejected.parquet"


@dataclass(frozen=True)
class Terms:
    """How the files of a source are to be read."""

    contract: Contract
    form: FileFormat
    delimiter: str
    encoding: str
    timezone: str
    max_rejected_share: float


@dataclass(frozen=True)
class FileReading:
    """What a file held: its digest, its rows, the rejected ones by reason, and oddities worth a warning by code."""

    sha256: str
    rows: int
    rejected: Mapping[str, int]
    notes: Mapping[str, str]


def read_file(settings: Settings, arrival: Arrival, name: str, terms: Terms, folder: Path) -> FileReading:
    """Write GOOD and REFUSED below ``folder``; every row of the file is in one of them.

    Raises:
        BlockedFile: the file cannot be read without guessing, or too many of its rows are rejected.
        FileChanged: it is still being written.
    """
    with ExitStack() as stack:
        file = unpack(arrival, terms.form, terms.encoding, terms.delimiter, folder)
        connection = stack.enter_context(session(settings))
        connection.execute(sql_text(CASTS))
        connection.execute(f"SET VARIABLE source_timezone = {quote_literal(terms.timezone)}")
        notes = _load(connection, file, name, terms, folder)
        counts = dict(connection.execute("SELECT _reason, count(*) FROM judged GROUP BY _reason").fetchall())
        rows, rejected = counts.pop(None, 0), dict(sorted(counts.items()))
        _refuse_too_many(connection, name, rows, rejected, terms)
        columns = ", ".join(column.quoted for column in part_contract(terms.contract).columns)
        with one_thread(connection):
            _copy(connection, terms.contract, f"SELECT {columns} FROM judged WHERE _reason IS NULL", folder / GOOD)
            refused = "SELECT source_file, source_row, _reason AS reason, _received AS received FROM judged"
            _copy(connection, terms.contract, f"{refused} WHERE _reason IS NOT NULL", folder / REFUSED)
    return FileReading(file.sha256, rows, rejected, notes)


def _load(connection: DuckDBPyConnection, file: Unpacked, name: str, terms: Terms, folder: Path) -> Mapping[str, str]:
    """Make the table ``judged`` of every row of the file, or BlockedFile; returns the notes."""
    import duckdb

    fault = "it cannot be read"
    for source in _ways(connection, file, terms, folder):
        try:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {judged_rows(terms.contract, source, name)}")
            ((rows,),) = connection.execute("SELECT count(*) FROM judged").fetchall()
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise ContractError(f"{terms.contract.path}: its SQL cannot be run: {first_lines(error)}") from error
        except duckdb.Error as error:
            raise_unless_the_files_fault(error)
            fault = first_lines(error)
            continue
        if rows == source.rows:
            return source.notes
        fault = f"it holds {source.rows:,} rows, of which {rows:,} could be read"
    raise BlockedFile("unreadable_content", name, fault, "Mend the file and deliver it again.")


class ContractError(Exception):
    """The SQL of a contract cannot be run; the message names the contract."""


def _ways(connection: DuckDBPyConnection, file: Unpacked, terms: Terms, folder: Path) -> Iterator[ReceivedRows]:
    """Ways to read the file: the next one is tried where one fails."""
    import duckdb

    if terms.form == "parquet":
        try:
            yield parquet_rows(connection, file, terms.contract)
        except duckdb.Error as error:
            raise_unless_the_files_fault(error)
            raise BlockedFile("corrupt_parquet", file.name, first_lines(error), "Deliver it again.") from error
    elif file.census and terms.form == "jsonl":
        yield json_rows(file, terms.contract, folder)
    elif file.census:
        yield from csv_rows(file, file.census, terms.contract, terms.delimiter, folder)


def _refuse_too_many(
    connection: DuckDBPyConnection, name: str, rows: int, rejected: Mapping[str, int], terms: Terms
) -> None:
    refused = sum(rejected.values())
    if refused <= terms.max_rejected_share * (rows + refused):
        return
    first = connection.execute(
        "SELECT _reason, min(source_row), arg_min(_received, source_row) FROM judged "
        "WHERE _reason IS NOT NULL GROUP BY _reason ORDER BY count(*) DESC, _reason LIMIT 3"
    ).fetchall()
    is_classified = any(column.classification for column in terms.contract.columns)  # logs and alerts show the text
    told = "; ".join(
        f"{rejected[reason]:,} {reason}, first in row {row:,}" + f": {text[:200]}" * (not is_classified)
        for reason, row, text in first
    )
    raise BlockedFile(
        "too_many_rejected",
        name,
        f"{refused:,} of {rows + refused:,} rows are rejected ({told})",
        "Correct the file or its contract, or raise max_rejected_share in sources.yaml.",
    )


def _copy(connection: DuckDBPyConnection, contract: Contract, select: str, target: Path) -> None:
    connection.execute(f"COPY ({select}) TO {quote_literal(str(target))} ({parquet_options(contract)})")
