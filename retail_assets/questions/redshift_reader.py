"""Asks Redshift, in its own SQL. What it sums up for many questions stays there, in tables of the connection."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

from retail_assets.engine.query import sql_text
from retail_assets.engine.s3_errors import S3Error
from retail_assets.questions.answers import Answers
from retail_assets.questions.redshift_sql import redshift_sql
from retail_assets.questions.warehouse import PREPARED, UnreadableWarehouse, Value, Values, expanded
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift.connecting import RedshiftError, Session
from retail_assets.warehouse.redshift.sql import identifier, literal
from retail_assets.warehouse.redshift.store import RedshiftStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

ATTEMPTS = 3
LOOK_SECONDS = 0.5
"""All pages look twice a second; one of them looks for all."""
ASK_SECONDS = 30.0
"""Between two questions to Redshift for its state, while the mark tells none: a load is under way, or was killed."""
BOOKKEEPING = "_"


@dataclass
class _State:
    """One published state: a connection with what was prepared in it, and what was asked of it."""

    name: str
    session: Session
    resources: ExitStack
    tables: frozenset[str]
    seen_at: datetime | None
    prepared: set[str] = field(default_factory=set)
    answers: Answers = field(default_factory=Answers)


class RedshiftReader:
    """Reads the tables of one schema. It asks the mark on S3 whether they have changed, and Redshift for answers."""

    def __init__(self, settings: Settings) -> None:
        self._store = RedshiftStore(settings)
        self._looking, self._asking = Lock(), RLock()
        self._looked_at, self._known_at, self._version = float("-inf"), float("-inf"), ""
        self._current: _State | None = None

    def state(self) -> str:
        """Changes with every load; empty where nothing was ever loaded.

        Raises:
            UnreadableWarehouse: neither the mark nor Redshift can be reached.
        """
        with self._looking, _explained():
            if time.monotonic() - self._looked_at > LOOK_SECONDS:
                self._version = self._look()
                self._looked_at = time.monotonic()
            return self._version

    def _look(self) -> str:
        """The state by the mark; by Redshift, and seldom, where the mark tells none: else it would be kept awake."""
        known = self._store.version_mark.read()
        if known is None:
            if time.monotonic() - self._known_at < ASK_SECONDS:
                return self._version
            known = self._store.asked_version()
        self._known_at = time.monotonic()
        return known

    def published_at(self) -> datetime | None:
        """When this reader first saw the state; None of the one that it found there, of which it cannot know."""
        with self._asking:
            return self._current.seen_at if self._current else None

    def tables(self) -> frozenset[str]:
        """The names of the tables that there are; none where nothing was ever loaded."""
        with self._asking:
            return self._opened().tables if self.state() else frozenset()

    def ask(self, question: str, **values: Value | Sequence[Value]) -> pa.Table:
        """The answer to ``sql/dashboard/<question>.sql`` with these values for its ``$names``, which are bound."""
        with self._asking:
            for _ in range(ATTEMPTS):
                state = self._opened()
                answer = state.answers.of(question, values, partial(_answer, state, question, values))
                if self.state() == state.name:  # else it may be of two states
                    break
            return answer

    def close(self) -> None:
        """End the connection."""
        with self._asking:
            if self._current:
                self._current.resources.close()
                self._current = None

    def _opened(self) -> _State:
        name = self.state()
        if not name:
            raise UnreadableWarehouse("there is nothing in Redshift yet. Load it: retail backfill")
        if self._current is None or self._current.name != name or self._current.session.connection.closed:
            known = self._current is not None
            self.close()
            self._current = self._open(name, datetime.now(UTC) if known else None)
        return self._current

    def _open(self, name: str, seen_at: datetime | None) -> _State:
        with _explained(), ExitStack() as stack:
            session = stack.enter_context(self._store.redshift.session())
            namespace = self._store.namespace
            found = session.rows(
                "looking for the tables",
                f"SELECT DISTINCT table_name FROM svv_columns WHERE table_schema = {literal(namespace.lower())}",
            )
            session.run("choosing the schema", f"SET search_path TO {identifier(namespace)}")
            tables = frozenset(table for (table,) in found if not table.startswith(BOOKKEEPING))
            return _State(name, session, stack.pop_all(), tables, seen_at)
        raise AssertionError("unreachable: errors leave the block")


def _answer(state: _State, question: str, values: Values) -> pa.Table:
    sql, bound = expanded(sql_text(f"dashboard/{question}"), values)
    for name in sorted(set(PREPARED.findall(sql)) - state.prepared):
        made = redshift_sql(sql_text(f"dashboard/prepared/{name}"))
        with _explained():
            state.session.run(f"summing up {name}", f"CREATE TEMPORARY TABLE {name} AS {made}")
        state.prepared.add(name)
    return _asked(state.session, redshift_sql(sql), bound)


def _asked(session: Session, sql: str, bound: dict[str, Value]) -> pa.Table:
    """The rows of a query with these values, as psycopg2 binds them."""
    import psycopg2
    import pyarrow as pa

    try:
        with session.connection.cursor() as cursor:
            cursor.execute(sql, bound)
            rows, described = cursor.fetchall(), cursor.description or ()
    except psycopg2.Error as error:
        said = (str(error).strip().splitlines() or ["no reason given"])[0]
        if session.connection.closed:
            raise UnreadableWarehouse(
                f"the connection to {session.place} was lost ({said}). Load this page again."
            ) from None
        raise UnreadableWarehouse(f"Redshift does not answer this page's question: {said}") from None
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(described)
    kinds = _kinds()
    arrays = {
        column.name: pa.array([_plain(value) for value in values], kinds.get(column.type_code))
        for column, values in zip(described, columns, strict=True)
    }
    return pa.table(arrays)


def _kinds() -> dict[int, pa.DataType]:
    """Arrow's types by the numbers that the protocol has for PostgreSQL's and Redshift's."""
    import pyarrow as pa

    return {
        16: pa.bool_(), 20: pa.int64(), 21: pa.int64(), 23: pa.int64(), 25: pa.string(), 700: pa.float64(),
        701: pa.float64(), 1042: pa.string(), 1043: pa.string(), 1082: pa.date32(), 1114: pa.timestamp("us"),
        1184: pa.timestamp("us", "UTC"), 1700: pa.float64(),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else value


@contextmanager
def _explained() -> Iterator[None]:
    """What Redshift or S3 could not do, as the reason why there is nothing to read."""
    try:
        yield
    except (RedshiftError, S3Error) as error:
        raise UnreadableWarehouse(str(error)) from error
