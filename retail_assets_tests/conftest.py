"""What tests share: a platform of their own, and the real data beside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from retail_assets.assets.platform import Platform
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.local_cloud.s3_server import BUCKET, S3Server, s3_server
from retail_assets.settings import Settings
from retail_assets_tests.servers.cloud import cloud, cloud_settings, reader
from retail_assets_tests.servers.dump import load_dump
from retail_assets_tests.servers.shop_database import (
    ShopDatabase,
    copy_of,
    server_anyone_may_enter,
    synthetic_shop,
    template,
)
from retail_assets_tests.shop import build_forecasts, build_shop, unchanged

__all__ = ["cloud", "cloud_settings", "reader"]

hypothesis_settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a platform in a folder of its own; two threads, as the machines that it is made for have."""
    return Settings(data_dir=tmp_path / "data", start_date=date(2016, 1, 1), threads=2, memory_limit_mb=512)


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """A platform in a folder of its own."""
    return Platform.local(settings)


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a built shop. Read only."""
    with unchanged(build_shop(tmp_path_factory.mktemp("shop") / "data")) as settings:
        yield settings


@pytest.fixture(scope="session")
def built_forecasts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a platform with forecasts of brands. Read only."""
    with unchanged(build_forecasts(tmp_path_factory.mktemp("forecasts") / "data")) as settings:
        yield settings


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server; a prefix of its bucket for each test."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def on_s3(s3: S3Server, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a platform whose lake is below a prefix of its own, with the credentials in the environment."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return settings.model_copy(update={"s3": s3.settings, "lake_url": f"s3://{BUCKET}/{uuid4().hex}/lake"})


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RETAIL_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set RETAIL_SHARED_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole session."""
    with server_anyone_may_enter() as server:
        yield server


@pytest.fixture(scope="module")
def dvdrental(postgres: PostgresServer, shared_data: Path) -> str:
    """The database that holds the real dvdrental, to make copies of. Some files bring servers of their own."""
    dump = shared_data / "pagila" / "dvdrental-canonical.sql"
    return template(postgres, "dvdrental", lambda connection: load_dump(connection, dump))


@pytest.fixture(scope="module")
def synthetic(postgres: PostgresServer) -> str:
    """The name of a database that holds the synthetic shop, to make copies of."""
    return synthetic_shop(postgres)


@pytest.fixture
def small_shop(postgres: PostgresServer, synthetic: str) -> Iterator[ShopDatabase]:
    """The synthetic shop in a database of the test's own."""
    with copy_of(postgres, synthetic) as database:
        yield database


@pytest.fixture
def shop(postgres: PostgresServer, dvdrental: str) -> Iterator[ShopDatabase]:
    """The real dvdrental in a database of the test's own."""
    with copy_of(postgres, dvdrental) as database:
        yield database
