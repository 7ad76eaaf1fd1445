"""A cloud for tests: the session's S3 server and PostgreSQL, and the stand-in of Redshift in front of them.

The root's conftest.py alone imports the fixtures: pytest would start another cloud for each further one that does. Each
test has a schema and a prefix of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.local_cloud.redshift.server import RedshiftServer, redshift_server
from retail_assets.local_cloud.s3_server import S3Server
from retail_assets.settings import Settings


@pytest.fixture(scope="session")
def cloud(s3: S3Server, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The servers, which other tests use too: only Redshift's is started for it."""
    with redshift_server(tmp_path_factory.mktemp("redshift"), postgres, s3) as redshift:
        yield LocalCloud(s3, postgres, redshift)


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
