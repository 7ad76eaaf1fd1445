"""`python -m benchmarks cloud` at sizes that tell nothing but that it works, and ends when something is wrong."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import cloud

SMALL = (
    *("--rounds", "1", "--events", "2000", "--days", "2"),
    *("--objects", "60", "--new-objects", "55", "--rows", "2000"),
)


@pytest.fixture
def folder() -> Iterator[str]:
    """A folder that others may enter, as PostgreSQL must where tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield name


def test_every_scenario_runs_and_is_reported(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.main([*SMALL, "--folder", folder, "--json", f"{folder}/found.json"])

    told = capsys.readouterr().out
    for name in ("the lake on S3", "look, new objects", "load 2,000 rows in 100 partitions", "read by UNLOAD"):
        assert f"| {name}" in told
    assert "Redshift is simulated" in told
    assert "| backfill on S3 against the folder |" in told
    assert {found["scenario"] for found in json.loads(Path(f"{folder}/found.json").read_text())["scenarios"]} == set(
        cloud.SCENARIOS
    )


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(SystemExit, match="no scenario moon"):
        cloud.main(["moon"])
