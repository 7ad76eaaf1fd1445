"""A cloud for tests: an S3 server, PostgreSQL and the stand-in of Redshift, shared by the session.

Import the fixtures into the conftest.py of the folder that uses them. Each test has a schema and a prefix of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from retail_assets.local_cloud.cloud import LocalCloud, local_cloud
from retail_assets.local_cloud.redshift.server import RedshiftServer
from retail_assets.settings import Settings


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """The servers. Not below pytest's folder, which nobody else may enter: PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        with local_cloud(Path(name)) as servers:
            yield servers


@pytest.fixture
def cloud_settings(cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a platform in the cloud, in the environment too; below a prefix and in a schema of its own."""
    name = f"t{uuid4().hex[:12]}"
    own = {"RETAIL_DATA_DIR": str(tmp_path / "data"), "RETAIL_THREADS": "2", "RETAIL_MEMORY_LIMIT_MB": "512"}
    for variable, value in {**cloud.credentials(), **cloud.variables(name, name), **own}.items():
        monkeypatch.setenv(variable, value)
    return Settings()


@pytest.fixture
def reader(cloud: LocalCloud, cloud_settings: Settings) -> Iterator[psycopg2.extensions.connection]:
    """Somebody else who reads the schema, each statement for itself."""
    connection = connected(cloud.redshift)
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {cloud_settings.redshift.namespace}")
        cursor.execute("SET extra_float_digits TO 2")
    yield connection
    connection.close()


def connected(server: RedshiftServer) -> psycopg2.extensions.connection:
    """A session of the stand-in's user, each statement for itself."""
    connection = psycopg2.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=server.database,
        sslmode="verify-full",
        sslrootcert=str(server.ca_bundle),
    )
    connection.autocommit = True
    return connection
