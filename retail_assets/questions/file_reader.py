"""Asks the warehouse file, and asks nothing twice while it stays as it is."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.questions.answers import Answers
from retail_assets.questions.warehouse import PREPARED, UnreadableWarehouse, Value, Values, expanded
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

MEMORY_MB = 256
"""What a reader's DuckDB may use: it shares a process of 500 MB with whatever shows the answers."""
ATTEMPTS = 10


@dataclass
class _State:
    """One published state of the file: a connection that sees it and no other, and what was asked of it."""

    name: str
    connection: DuckDBPyConnection
    resources: ExitStack
    tables: frozenset[str]
    prepared: set[str] = field(default_factory=set)
    preparing: Lock = field(default_factory=Lock)
    answers: Answers = field(default_factory=Answers)


class FileReader:
    """Reads a warehouse file that others replace at any time.

    It may be shared by threads. Neither does it keep a writer from publishing, nor a writer it from reading: each
    state is attached, read-only, to a DuckDB of its own.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = DuckDBFile(settings.warehouse_file, settings)
        self._opening = Lock()
        self._current: _State | None = None

    def state(self) -> str:
        """Changes whenever the file is replaced; empty where there is none."""
        try:
            found = self._file.path.stat()
        except FileNotFoundError:
            return ""
        return f"{found.st_ino}-{found.st_mtime_ns}"

    def published_at(self) -> datetime | None:
        """When the file was replaced; None where there is none."""
        try:
            return datetime.fromtimestamp(self._file.path.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def tables(self) -> frozenset[str]:
        """The names of the tables that there are; none where there is no file.

        Raises:
            UnreadableWarehouse: the file is none that DuckDB can read.
        """
        return self._opened().tables if self.state() else frozenset()

    def ask(self, question: str, **values: Value | Sequence[Value]) -> pa.Table:
        """The answer to ``sql/dashboard/<question>.sql`` with these values for its ``$names``.

        Raises:
            UnreadableWarehouse: there is no file, none that DuckDB can read, or one that has no such answer.
        """
        import duckdb

        state = self._opened()
        try:
            return state.answers.of(question, values, lambda: _answer(state, question, values))
        except duckdb.Error as error:
            raise UnreadableWarehouse(
                f"{self._file.path} does not answer the question {question} ({_first_line(error)})"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._opening:
            if self._current:
                self._current.resources.close()
                self._current = None

    def _opened(self) -> _State:
        """The state that is published now.

        Raises:
            UnreadableWarehouse: there is no file, none that DuckDB can read, or another one at every look.
        """
        with self._opening:
            for _ in range(ATTEMPTS):
                name = self.state()
                if self._current is None or self._current.name != name:
                    self._current = self._open(name)
                if self.state() == name:  # else it was replaced while it was being opened
                    return self._current
        raise UnreadableWarehouse(f"{self._file.path} is replaced faster than it can be opened. Try again.")

    def _open(self, name: str) -> _State:
        import duckdb

        path = self._file.path
        if not name:
            raise UnreadableWarehouse(f"there is no warehouse at {path} yet. Make it: retail backfill")
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._file.reading())
                spill = stack.enter_context(private_folder(self._settings.spill_dir))
                connection.execute(f"SET memory_limit = '{MEMORY_MB}MiB'")
                connection.execute(f"SET temp_directory = {quote_literal(str(spill))}")
                found = connection.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse'"
                ).fetchall()
            except duckdb.Error as error:
                raise UnreadableWarehouse(
                    f"{path} cannot be read as a warehouse ({_first_line(error)}). Everything in it "
                    "can be made again from the lake: move the file away, then run: retail backfill"
                ) from error
            resources = stack.pop_all()
        state = _State(name, connection, resources, frozenset(table for (table,) in found))
        weakref.finalize(state, resources.close)  # when the last question to it has been answered
        return state


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _answer(state: _State, question: str, values: Values) -> pa.Table:
    sql, bound = expanded(sql_text(f"dashboard/{question}"), values)
    for name in sorted(set(PREPARED.findall(sql))):
        _prepare(state, name)
    with _cursor(state) as cursor:
        return cursor.execute(sql, bound).to_arrow_table()


def _prepare(state: _State, name: str) -> None:
    """Compute the sums once a state; whoever needs them meanwhile waits."""
    with state.preparing:
        if name not in state.prepared:
            with _cursor(state) as cursor:
                cursor.execute(f"CREATE TABLE memory.main.{name} AS {sql_text(f'dashboard/prepared/{name}')}")
            state.prepared.add(name)


def _cursor(state: _State) -> DuckDBPyConnection:
    """A cursor of its own for each thread, which sees the warehouse's tables and the prepared ones by bare names."""
    cursor = state.connection.cursor()
    cursor.execute("SET search_path = 'memory.main,warehouse.main'")
    return cursor
