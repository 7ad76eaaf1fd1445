"""`retail backfill`, the real command: killed at different moments, and twice at once over the same dates."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from retail_assets.landing.ledger import LandedFile
from retail_assets_tests.building import event
from retail_assets_tests.building import land as put
from retail_assets_tests.crashes.state import State, files_of, inconsistent, observe
from retail_assets_tests.crashes.workload import MARTS, land, platform_in, run, write_generations

PROJECT = Path(__file__).parents[2]
LONGEST_SECONDS = 240
AS_OF = "2019-12-01T00:00:00+00:00"


@dataclass(frozen=True)
class Undisturbed:
    """What landed, and what readers see and files hold once it is built."""

    inputs: list[Path]
    state: State
    files: State


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Built without Dagster and without haste."""
    folder = tmp_path_factory.mktemp("undisturbed")
    inputs, _ = write_generations(folder / "files")
    platform = platform_in(folder / "data")
    land(platform, inputs)
    run(platform)
    return Undisturbed(inputs, observe(platform), files_of(platform))


def start(data: Path, *command: str) -> subprocess.Popen[str]:
    """`retail` in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "DAGSTER_HOME": str(data / ".dagster"),
        "RETAIL_AS_OF": AS_OF,
        "RETAIL_THREADS": "1",
        "RETAIL_MEMORY_LIMIT_MB": "256",
        "RETAIL_LOOKBACK_DAYS": "30",
        "RETAIL_MARTS_DIR": str(MARTS),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "retail_assets.cli.program", "--data-dir", str(data), *command],
        cwd=data.parent,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def require_built(data: Path, wanted: Undisturbed) -> None:
    """Readers see what the undisturbed run built, and the lake holds the same bytes."""
    platform = platform_in(data)
    assert observe(platform) == wanted.state
    assert inconsistent(platform) == []
    kept = {name: digest for name, digest in files_of(platform).items() if name.startswith("lake/")}
    assert kept == {name: digest for name, digest in wanted.files.items() if name.startswith("lake/")}


def test_a_killed_backfill_is_finished_by_the_next(tmp_path: Path, undisturbed: Undisturbed) -> None:
    data = tmp_path / "data"
    land(platform_in(data), undisturbed.inputs)

    for stage in ("clean_events", "features", "warehouse_features"):
        process = start(data, "backfill")
        try:
            _wait_for(process, stage)
        finally:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=LONGEST_SECONDS)
        assert process.returncode == -signal.SIGKILL
        assert inconsistent(platform_in(data)) == []

    last = start(data, "backfill")
    _, complaints = last.communicate(timeout=LONGEST_SECONDS)
    assert last.returncode == 0, complaints
    require_built(data, undisturbed)


def _wait_for(process: subprocess.Popen[str], stage: str) -> None:
    """Until the command tells of the stage."""
    assert process.stderr
    seen = ""
    for line in process.stderr:
        seen += line
        if line.startswith(stage):
            return
    pytest.fail(f"the backfill never came to {stage}:\n{seen}")


def test_two_backfills_at_once_end_as_one(tmp_path: Path, undisturbed: Undisturbed) -> None:
    data = tmp_path / "data"
    land(platform_in(data), undisturbed.inputs)

    both = [start(data, "backfill"), start(data, "backfill")]
    told = [process.communicate(timeout=LONGEST_SECONDS) for process in both]

    assert [process.returncode for process in both] == [0, 0], told
    assert not any("Traceback" in text for pair in told for text in pair), told
    require_built(data, undisturbed)


def test_files_that_two_take_in_at_once_land_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    platform = platform_in(data)
    for number in range(50):
        put(platform, f"{number:02d}.csv", [event(user_session=f"{number}-{row}") for row in range(3)])
    code = (
        "import sys; from pathlib import Path; from retail_assets_tests.crashes.workload import platform_in; "
        "print(len(platform_in(Path(sys.argv[1])).landing.take_in()))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(data)], cwd=PROJECT, text=True, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=LONGEST_SECONDS)[0].strip() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sorted(told) == ["0", "50"]
    entries: list[LandedFile] = list(platform.landing.files().values())
    assert [(entry.state, entry.rows) for entry in entries] == [("landed", 3)] * 50
    assert sum(stored.rows for stored in platform.landing.landed_events().objects) == 150
    assert [book.rows for book in platform.landing.books() if book.reason == "received"] == [150]
