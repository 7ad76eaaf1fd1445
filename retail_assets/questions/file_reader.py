"""Asks the warehouse questions, and asks none twice while the warehouse stays as it is."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from threading import Lock, RLock
from typing import TYPE_CHECKING, Protocol

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.private import private_folder
from retail_assets.engine.query import sql_text
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Value = str | int | float | date | None
MEMORY_MB = 256
"""What a reader's DuckDB may use: it shares a process of 500 MB with whatever shows the answers."""
MOST_ANSWERS = 256
ATTEMPTS = 5
PREPARED = re.compile(r"\b(daily_totals|key_totals)\b")
"""Sums over the large tables that many questions start from: files in ``sql/dashboard/prepared``."""


class UnreadableWarehouse(ValueError):
    """There is a warehouse, but it cannot be read; the message says what to do."""


class Warehouse(Protocol):
    """Tables that can be asked, wherever they live."""

    def state(self) -> str:
        """Changes whenever readers would see something else; empty where there is no warehouse."""
        ...

    def tables(self) -> frozenset[str]:
        """The names of the tables that there are."""
        ...

    def ask(self, question: str, **values: Value | Sequence[Value]) -> pa.Table:
        """The answer to ``sql/dashboard/<question>.sql`` with these values for its ``$names``."""
        ...


@dataclass
class _State:
    """One published state of the file: a connection that sees it and no other, and what was asked of it."""

    name: str
    connection: DuckDBPyConnection
    resources: ExitStack
    tables: frozenset[str]
    prepared: set[str] = field(default_factory=set)
    preparing: RLock = field(default_factory=RLock)
    answers: OrderedDict[object, pa.Table] = field(default_factory=OrderedDict)


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

    def tables(self) -> frozenset[str]:
        """The names of the tables that there are; none where there is no file.

        Raises:
            UnreadableWarehouse: the file is none that DuckDB can read.
        """
        return self._opened().tables if self.state() else frozenset()

    def ask(self, question: str, **values: Value | Sequence[Value]) -> pa.Table:
        """The answer to ``sql/dashboard/<question>.sql`` with these values for its ``$names``.

        Raises:
            UnreadableWarehouse: there is no file, or none that DuckDB can read.
        """
        state = self._opened()
        asked = (question, tuple((name, _frozen(value)) for name, value in sorted(values.items())))
        known = state.answers.get(asked)
        if known is None:
            known = state.answers[asked] = self._answer(state, question, values)
            while len(state.answers) > MOST_ANSWERS:
                state.answers.popitem(last=False)
        return known

    def close(self) -> None:
        """Let go of the file."""
        with self._opening:
            if self._current:
                self._current.resources.close()
                self._current = None

    def _answer(self, state: _State, question: str, values: Mapping[str, Value | Sequence[Value]]) -> pa.Table:
        sql, bound = expanded(sql_text(f"dashboard/{question}"), values)
        for name in sorted(set(PREPARED.findall(sql))):
            _prepare(state, name)
        with _cursor(state) as cursor:
            return cursor.execute(sql, bound).to_arrow_table()

    def _opened(self) -> _State:
        """The state that is published now.

        Raises:
            UnreadableWarehouse: there is no file, or none that DuckDB can read.
        """
        with self._opening:
            for _ in range(ATTEMPTS):
                name = self.state()
                if self._current is None or self._current.name != name:
                    self._current = self._open(name)
                if self.state() == name:  # else it was replaced while it was being opened
                    break
            if self._current is None:
                raise UnreadableWarehouse(f"{self._file.path} is replaced faster than it can be opened. Try again.")
            return self._current

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
                    f"{path} cannot be read as a warehouse ({str(error).strip().splitlines()[0]}). Everything in it "
                    "can be made again from the lake: move the file away, then run: retail backfill"
                ) from error
            return _State(name, connection, stack.pop_all(), frozenset(table for (table,) in found))


def expanded(sql: str, values: Mapping[str, Value | Sequence[Value]]) -> tuple[str, dict[str, Value]]:
    """The query with a place of its own for every item of a list, and the values by place: never pasted."""
    bound: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, str) or not isinstance(value, Sequence):
            bound[name] = value
            continue
        places = {f"{name}_{number}": item for number, item in enumerate(value)}
        sql = re.sub(rf"\${name}\b", ", ".join(f"${place}" for place in places) or "NULL", sql)
        bound |= places
    return sql, bound


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


def _frozen(value: Value | Sequence[Value]) -> object:
    return value if isinstance(value, str) or not isinstance(value, Sequence) else tuple(value)
