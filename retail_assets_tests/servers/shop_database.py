"""Databases of a shop on a real PostgreSQL, each a copy of a template that was loaded once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from retail_assets.contracts import contract, contract_names
from retail_assets.local_cloud.postgres_server import PostgresServer, postgres_server
from retail_assets.settings import Settings
from retail_assets.sources.postgres.extraction import Extraction
from retail_assets.sources.synthetic_shop.database import fill_shop_database

RAW = tuple(contract(name) for name in contract_names() if contract(name).domain == "sales" and name.startswith("raw_"))
FIRST, LAST = date(2019, 11, 1), date(2019, 11, 3)
"""The days of the synthetic shop."""
_NUMBERS = count(1)


@dataclass(frozen=True)
class ShopDatabase:
    """One database of the server, and the settings of a platform that reads it."""

    server: PostgresServer
    name: str

    def connect(self) -> Any:
        """A psycopg2 connection that commits each statement by itself."""
        return self.server.connect(self.name)

    def run(self, *statements: str) -> None:
        """Run statements, each committed by itself."""
        connection = self.connect()
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, as psycopg2 reads them."""
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute(sql)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        connection.close()
        return found

    def settings(self, folder: Path, **sales: Any) -> Settings:
        """Settings of a platform in ``folder`` that reads this database."""
        place = {"host": self.server.host, "port": self.server.port, "database": self.name, "user": self.server.user}
        chosen = {**place, "password": self.server.password, **sales}
        return Settings(data_dir=folder, threads=2, memory_limit_mb=512, sales=chosen)

    def environment(self, **sales: str) -> dict[str, str]:
        """The variables of a platform that reads this database."""
        place = {"host": self.server.host, "port": str(self.server.port), "user": self.server.user}
        chosen = {**place, "database": self.name, "password": self.server.password, **sales}
        return {f"RETAIL_SALES_{name.upper()}": value for name, value in chosen.items()}

    def extraction(self, folder: Path, **sales: Any) -> Extraction:
        """The extraction of this database into ``folder``."""
        return Extraction(self.settings(folder, **sales), RAW)


@contextmanager
def server_anyone_may_enter(binaries: Path | None = None) -> Iterator[PostgresServer]:
    """A server outside of pytest's folders, which the user who runs PostgreSQL where this is root may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="retail-postgres-"))
    folder.chmod(0o755)
    try:
        with postgres_server(folder, binaries) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def template(server: PostgresServer, name: str, fill: Callable[[Any], None]) -> str:
    """Make a database to make copies of, unless the server has it; returns its name."""
    opened = server.connect("postgres")
    with closing(opened), opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,))
        (found,) = cursor.fetchone() or (0,)
    if not found:
        ShopDatabase(server, "postgres").run(f"CREATE DATABASE {name}")
        with closing(server.connect(name)) as made:
            fill(made)
    return name


def synthetic_shop(server: PostgresServer) -> str:
    """Make a database of a synthetic shop of three days; returns its name."""
    return template(server, "synthetic", lambda connection: fill_shop_database(connection, FIRST, LAST))


@contextmanager
def copy_of(server: PostgresServer, template: str) -> Iterator[ShopDatabase]:
    """A database of its own, as the template is."""
    name = f"shop_{next(_NUMBERS)}"
    ShopDatabase(server, "postgres").run(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield ShopDatabase(server, name)
    finally:
        ShopDatabase(server, "postgres").run(f"DROP DATABASE {name} WITH (FORCE)")
