"""A Redshift for tests: the stand-in, shared by the session; each test has a schema and a prefix of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from retail_assets.local_cloud.cloud import LocalCloud, local_cloud
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
    """Settings of a platform that keeps its tables in the stand-in, below a prefix and in a schema of its own."""
    name = f"t{uuid4().hex[:12]}"
    chosen = {**cloud.credentials(), **cloud.variables(name, name), "RETAIL_DATA_DIR": str(tmp_path / "data")}
    for variable, value in chosen.items():
        monkeypatch.setenv(variable, value)
    return Settings(threads=2, memory_limit_mb=512)


@pytest.fixture
def reader(cloud: LocalCloud, cloud_settings: Settings) -> Iterator[psycopg2.extensions.connection]:
    """Somebody else who reads the schema, each statement for itself."""
    server = cloud.redshift
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
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path TO {cloud_settings.redshift.namespace}")
    yield connection
    connection.close()
