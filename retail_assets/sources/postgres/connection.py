"""The connection to the shop's database: one read-only transaction, in which nothing changes that others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.extension import load_extension
from retail_assets.engine.session import session
from retail_assets.settings import SalesSettings, Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ATTACHED = "shop"

# A copy of a server goes on with a history, called timeline, of its own.
_IDENTITY = """
    SELECT
        (SELECT system_identifier FROM pg_control_system())::text,
        CASE
            WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())::text
            ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8)
        END,
        (SELECT oid FROM pg_database WHERE datname = current_database())::text
"""


class SourceError(RuntimeError):
    """The shop's database cannot be read, or not under the contracts; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """A snapshot of the database: queries in PostgreSQL's SQL, whose rows DuckDB reads."""

    connection: DuckDBPyConnection
    place: str
    server: str = ""
    """Which server it is and of which history; empty where it does not say, as some of those that clouds offer."""

    def relation(self, sql: str) -> str:
        """A query of the database as a table in DuckDB's SQL."""
        return f"postgres_query({quote_literal(ATTACHED)}, {quote_literal(sql)})"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query of the database.

        Raises:
            SourceError: the database refuses it, or the connection broke off.
        """
        return self.execute(f"SELECT * FROM {self.relation(sql)}")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement in DuckDB's SQL, which may read the database.

        Raises:
            SourceError: the database refuses it, or the connection broke off.
        """
        import duckdb

        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise _told(self.place, error) from None


@contextmanager
def snapshot_of(settings: Settings) -> Iterator[Source]:
    """The database as it is now, until the end: one transaction, REPEATABLE READ and READ ONLY.

    Raises:
        SourceError: there is no such database, it does not let us in, or DuckDB lacks its extension for PostgreSQL.
    """
    chosen = settings.sales
    place = f"{chosen.database} on {chosen.host}:{chosen.port}"
    with session(settings) as connection:
        try:
            load_extension(connection, "postgres_scanner", "sales")
        except ModuleNotFoundError as error:
            raise SourceError(str(error)) from error
        source = Source(connection, place)
        source.execute(_secret(chosen))
        source.execute(f"ATTACH {quote_literal(_options(chosen))} AS {ATTACHED} (TYPE postgres, SECRET {ATTACHED})")
        server = _identity(source)
        source.execute("BEGIN")
        try:
            yield replace(source, server=server)
        finally:
            _end(connection)


def _identity(source: Source) -> str:
    """Asked outside of the transaction, which a refusal would end."""
    try:
        return repr(source.rows(_IDENTITY))
    except SourceError:
        return ""


def _end(connection: DuckDBPyConnection) -> None:
    """End the transaction, which has written nothing.

    Left to the closing of the connection, a transaction whose server is gone would abort the whole process.
    """
    import duckdb

    with suppress(duckdb.Error):
        connection.execute("ROLLBACK")


def _secret(chosen: SalesSettings) -> str:
    values = {"HOST": chosen.host, "PORT": chosen.port, "DATABASE": chosen.database, "USER": chosen.user}
    if chosen.password:
        values["PASSWORD"] = chosen.password.get_secret_value()
    listed = ", ".join(f"{name} {quote_literal(value)}" for name, value in values.items())
    return f"CREATE TEMPORARY SECRET {ATTACHED} (TYPE postgres, {listed})"


def _options(chosen: SalesSettings) -> str:
    """What libpq is told beside who we are.

    A database of another encoding answers in UTF-8 all the same. Where row security would hide rows from the role, it
    is an error: an extraction without them would look whole.
    """
    options = {
        "application_name": "retail_assets",
        "client_encoding": "UTF8",
        "connect_timeout": str(chosen.connect_timeout_seconds),
        "keepalives_idle": "30",
        "options": "-c default_transaction_read_only=on -c row_security=off -c TimeZone=UTC",
        "sslmode": chosen.sslmode,
    }
    if chosen.ssl_root_cert:
        options["sslrootcert"] = str(chosen.ssl_root_cert)
    return " ".join(f"{name}='{_escaped(value)}'" for name, value in options.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _told(place: str, error: Exception) -> SourceError:
    """DuckDB's words without the statement, which may be a secret's."""
    said = str(error).partition("\nLINE ")[0].strip()
    if type(error).__name__ in ("ParserException", "BinderException") and "SECRET" in said.upper():
        said = type(error).__name__
    return SourceError(
        f"{place} cannot be read: {said}. Nothing of it was published. "
        "Look at RETAIL_SALES_HOST and its neighbours, and at the server; then run it again."
    )
