"""`retail dev`: which Dagster it becomes. Starting it for real is the servers' tests' business."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from retail_assets_tests.cli.conftest import ROOT, Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error


def test_it_becomes_dagster_on_this_platform(
    retail: Retail, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    become: list[list[str]] = []
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(os, "execv", lambda _, command: become.append(command))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETAIL_DATA_DIR", "relative")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "relative" / ".dagster"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    try:
        result = retail("dev", "--port", str(port))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)

    (command,) = become
    assert command[command.index("dagster") :] == [
        "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port),
    ]  # fmt: skip
    assert f"http://127.0.0.1:{port}" in result.err
    assert os.environ["RETAIL_DATA_DIR"] == str(tmp_path / "relative")
    assert (tmp_path / "relative" / ".dagster" / "dagster.yaml").exists()


def test_a_port_in_use_is_said_before_anything_starts(retail: Retail, data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert_is_one_clear_error(retail("dev", "--port", str(port)), f"127.0.0.1:{port}", f"--port {port % 65535 + 1}")
    assert not data_dir.exists()
