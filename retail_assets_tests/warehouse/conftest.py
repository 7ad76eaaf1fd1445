"""A line to the Redshift of the cloud that tells what passes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.local_cloud.redshift.server import redshift_server
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift import RedshiftStore
from retail_assets_tests.servers.dropping import DroppingLine, dropping_line


@pytest.fixture(scope="module")
def line(cloud: LocalCloud) -> Iterator[DroppingLine]:
    """A line that breaks, to a stand-in without TLS: else nobody could tell the statements that pass."""
    with (
        tempfile.TemporaryDirectory() as folder,
        redshift_server(Path(folder), cloud.postgres, cloud.s3, tls=False) as server,
        dropping_line(server.port) as found,
    ):
        yield found


@pytest.fixture
def overheard(line: DroppingLine, cloud_settings: Settings) -> RedshiftStore:
    """The tables of this test, whose statements the line tells."""
    line.forget()
    through = {"host": "127.0.0.1", "port": line.port, "ssl_mode": "disable", "ca_bundle": None}
    redshift = cloud_settings.redshift.model_copy(update=through)
    return RedshiftStore(cloud_settings.model_copy(update={"redshift": redshift}))
