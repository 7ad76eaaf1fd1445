"""Starts the stand-in of Redshift in front of a PostgreSQL and an S3 server."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from retail_assets.local_cloud.certificates import Certificates
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.local_cloud.processes import free_port, running
from retail_assets.local_cloud.s3_server import S3Server

DATABASE = "dev"
USER, PASSWORD = "awsuser", "Local-Redshift-Password-1"
ROLE = "arn:aws:iam::123456789012:role/retail-redshift"
CATALOGUE = Path(__file__).with_name("catalogue.sql")
LIKE_REDSHIFT = {
    "default_transaction_isolation": "'repeatable read'",  # one snapshot a transaction
    "standard_conforming_strings": "off",  # backslashes escape in plain literals
    "escape_string_warning": "off",
    "TimeZone": "'UTC'",
}


@dataclass(frozen=True)
class RedshiftServer:
    """A running stand-in. ``role`` is the one IAM role that it knows; ``ca_bundle`` is set where it speaks TLS."""

    port: int
    ca_bundle: Path | None
    host: str = "localhost"
    database: str = DATABASE
    user: str = USER
    password: str = field(default=PASSWORD, repr=False)
    role: str = ROLE


@contextmanager
def redshift_server(
    folder: Path, postgres: PostgresServer, s3: S3Server, *, tls: bool = True
) -> Iterator[RedshiftServer]:
    """The stand-in from start to end, as a process of its own; with ``tls`` it refuses clients who do without.

    The tables are PostgreSQL's, and there again when it is started again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _prepare(postgres)
    certificates = Certificates.made(folder) if tls else None
    server = RedshiftServer(free_port(), certificates.authority if certificates else None)
    configuration = folder / "redshift.json"
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(folder, server, postgres, s3, certificates))
    command = [sys.executable, "-m", "retail_assets.local_cloud.redshift", str(configuration)]
    with running(command, folder, folder / "redshift.log", lambda: _listens(server.port)):
        yield server


def _prepare(postgres: PostgresServer) -> None:
    """Make what a new Redshift has: a database, a user who is no superuser, system tables."""
    import psycopg2

    with postgres.connect().cursor() as cursor:
        with suppress(psycopg2.errors.DuplicateObject):
            cursor.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        with suppress(psycopg2.errors.DuplicateDatabase):
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        for name, value in LIKE_REDSHIFT.items():
            cursor.execute(f"ALTER DATABASE {DATABASE} SET {name} = {value}")
    with postgres.connect(DATABASE).cursor() as cursor:
        cursor.execute("SET allow_system_table_mods = on")
        cursor.execute("SET standard_conforming_strings = on")
        cursor.execute(CATALOGUE.read_text())


def _configuration(
    folder: Path, server: RedshiftServer, postgres: PostgresServer, s3: S3Server, certificates: Certificates | None
) -> str:
    backend = {"host": postgres.host, "port": postgres.port, "user": postgres.user, "password": postgres.password}
    access = {"aws_access_key_id": s3.key, "aws_secret_access_key": s3.secret, "region_name": s3.region}
    content = {
        "port": server.port,
        "roles": [server.role, "default"],
        "backend": {**backend, "dbname": DATABASE, "sslmode": "disable"},
        "s3": {**access, "endpoint_url": s3.endpoint},
        "certificate": str(certificates.certificate) if certificates else None,
        "key": str(certificates.key) if certificates else None,
        "workspace": str(folder),
    }
    return json.dumps(content)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
