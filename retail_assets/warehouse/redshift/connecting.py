"""Connections to Redshift: encrypted, bounded in time, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retail_assets.settings import RedshiftSettings, S3Settings
from retail_assets.warehouse.redshift.identity import Identity, identity

if TYPE_CHECKING:
    from psycopg2 import Error
    from psycopg2.extensions import connection as Connection

MISSING = ("42P01", "3F000")
"""No such table, no such schema."""
SERIALIZATION = ("40001", "40P01")
CANCELED = "57014"
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Gateways forget a connection that is silent for some minutes, and a COPY may be."""


class RedshiftError(Exception):
    """Redshift did not do what it was asked to. The message says what happened and what to do."""


class NoSuchTable(RedshiftError):
    """The table or its schema does not exist."""


class Conflict(RedshiftError):
    """Another transaction was in the way, and Redshift gave this one up: it may be tried again."""


@dataclass(frozen=True)
class Session:
    """One connection. Each statement commits by itself, unless it stands in a transaction."""

    connection: Connection
    place: str
    timeout_seconds: int

    def run(self, action: str, sql: str) -> None:
        """Run a statement; ``action`` says in an error what was being done.

        Raises:
            RedshiftError: it failed.
        """
        import psycopg2

        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
        except psycopg2.Error as error:
            raise self._explained(action, error) from None

    def rows(self, action: str, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query; for small results.

        Raises:
            RedshiftError: it failed.
        """
        import psycopg2

        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        except psycopg2.Error as error:
            raise self._explained(action, error) from None

    @contextmanager
    def transaction(self, action: str) -> Iterator[None]:
        """All statements or none of them.

        Raises:
            RedshiftError: one of them or the commit failed.
        """
        self.run(action, "BEGIN")
        try:
            yield
        except BaseException:
            with suppress(RedshiftError):  # the connection may be what failed
                self.run(action, "ROLLBACK")
            raise
        self.run(f"{action}, commit", "COMMIT")

    def _explained(self, action: str, error: Error) -> RedshiftError:
        said = (str(error).strip().splitlines() or ["no reason given"])[0].removeprefix("ERROR:").strip()
        code = error.pgcode or ""
        if self.connection.closed or not code:
            return RedshiftError(
                f"{action}: the connection to {self.place} was lost ({said}). Readers see the old rows or all of the "
                "new ones; run it again, it finds out which"
            )
        if code in MISSING:
            return NoSuchTable(f"{action}: {said}")
        if code in SERIALIZATION or "erializable isolation violation" in said:
            return Conflict(f"{action}: another transaction was in the way ({said}); run it again")
        if code == CANCELED:
            return RedshiftError(
                f"{action}: it took longer than the {self.timeout_seconds:,} seconds of "
                f"RETAIL_REDSHIFT_STATEMENT_TIMEOUT_SECONDS, or somebody cancelled it ({said})"
            )
        return RedshiftError(f"{action}: {said}")


@dataclass(frozen=True)
class Redshift:
    """One database of a cluster or workgroup; ``aws`` says how AWS itself is reached."""

    settings: RedshiftSettings
    aws: S3Settings = field(default_factory=S3Settings)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection of its own, closed afterwards.

        Raises:
            RedshiftError: there is nobody, or nobody who lets us in; the message says what to look at.
            S3Error: AWS does not say who we are or where Redshift is.
        """
        import psycopg2

        who = identity(self.settings, self.aws)
        place = f"{who.host}:{who.port}/{self.settings.database}"
        try:
            connection = psycopg2.connect(**self._parameters(who))
        except psycopg2.OperationalError as error:
            raise RedshiftError(_refused(str(error), place, who.user)) from None
        try:
            connection.autocommit = True
            session = Session(connection, place, self.settings.statement_timeout_seconds)
            session.run("opening a session", f"SET statement_timeout TO {session.timeout_seconds * 1000}")
            session.run("opening a session", "SET extra_float_digits TO 2")  # else doubles lose their last bits
            yield session
        finally:
            connection.close()

    def _parameters(self, who: Identity) -> dict[str, Any]:
        import certifi

        return {
            "host": who.host,
            "port": who.port,
            "user": who.user,
            "password": who.password,
            "dbname": self.settings.database,
            "sslmode": self.settings.ssl_mode,
            "sslrootcert": str(self.settings.ca_bundle or certifi.where()),
            "connect_timeout": self.settings.connect_timeout_seconds,
            "application_name": "retail_assets",
            **KEEPALIVE,
        }


def _refused(said: str, place: str, user: str) -> str:
    """Why there is no connection, and what to look at."""
    mends = {
        "password authentication failed": f"it does not accept the password of user {user}",
        "certificate verify failed": "its certificate is not trusted: see RETAIL_REDSHIFT_CA_BUNDLE",
        "does not match host name": "its certificate is for another host: see RETAIL_REDSHIFT_HOST",
        "SSL off": "it insists on TLS: see RETAIL_REDSHIFT_SSL_MODE",
        "does not support SSL": "it does not speak TLS: see RETAIL_REDSHIFT_SSL_MODE",
        "could not translate host name": "there is no such host: see RETAIL_REDSHIFT_HOST",
        "timeout expired": "nobody answers: see its VPC, security groups and RETAIL_REDSHIFT_CONNECT_TIMEOUT_SECONDS",
        "Connection refused": "nobody listens there: is it paused, and the port right?",
        "does not exist": "it has no such database: see RETAIL_REDSHIFT_DATABASE",
    }
    mend = next((mend for text, mend in mends.items() if text in said), " ".join(said.split()))
    return f"no connection to Redshift at {place}: {mend}"
