"""D70: the disk fills up while a run writes. Old data serve, staging is removed, and no file is to blame."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SMALL = "size=24m"
STEPS = ("taking in", "clean_events", "warehouse_features")


def _seen(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _require_harmless(found: dict[str, Any], folder: Path) -> None:
    assert f"no room to write below {folder}" in found["message"]
    assert "Free some room on that disk and run `retail backfill` again" in found["message"]
    assert "What was published before stays" in found["message"]
    assert (found["wrong"], found["left"], found["blocked"]) == ([], [], [])


def _program(folder: Path, kind: str, step: str) -> list[str]:
    return [sys.executable, "-m", "retail_assets_tests.crashes.small_disk", str(folder), kind, step]


@pytest.mark.parametrize("step", STEPS)
def test_a_file_that_may_not_grow_is_like_a_full_disk(tmp_path: Path, step: str) -> None:
    _require_harmless(_seen(_program(tmp_path, "limit", step)), tmp_path)


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_harms_nothing_that_was_published(tmp_path: Path, step: str) -> None:
    mount = f"mount -t tmpfs -o {SMALL} tmpfs {shlex.quote(str(tmp_path))}"
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False).returncode:
        pytest.skip("no file system of a size of our own: this needs unshare and the right to mount a tmpfs")
    program = shlex.join(_program(tmp_path, "disk", step))

    found = _seen(["unshare", "-rm", "sh", "-c", f"{mount} && exec {program}"])

    _require_harmless(found, tmp_path)
