"""A terminal for tests: `retail` in this process, and a small platform for it to look at."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.cli.main import main
from retail_assets.settings import Settings
from retail_assets.settings import settings as settings_of_process
from retail_assets_tests.building import build, event, land

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Retail = Callable[..., Result]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a platform that nothing has been done to yet."""
    return _use(tmp_path / "data", monkeypatch)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A platform of two days with a gap between them and rows to reject, made without Dagster. Read only."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    platform = Platform.local(Settings(data_dir=folder, threads=2, memory_limit_mb=512))
    third = "2019-10-03 10:00:00 UTC"
    land(platform, "a.csv", [
        event(),
        event(event_type="cart"),
        event(event_type="purchase", event_time="2019-10-01 08:00:00 UTC"),
        event(event_type="purchase", event_time="2019-10-01 08:00:00 UTC"),
        event(product_id="00123", brand=None, price="9.9"),
        *[event(user_session=str(number)) for number in range(20)],
        event(price="free"),
        event(event_time="yesterday", brand="x\x1b[31m"),
    ])  # fmt: skip
    land(platform, "b.csv", [event(event_time=third), event(event_time=third, user_id=" ")] + [
        event(event_time=third, user_session=str(number)) for number in range(10)
    ])  # fmt: skip
    land(platform, "c.csv", "name,age\nAda,36\n")
    land(platform, "copy_of_a.csv", (platform.settings.landing_dir / "a.csv").read_bytes())
    build(platform)
    return folder


@pytest.fixture
def built(built_once: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built platform, as the one that `retail` works on."""
    return _use(built_once, monkeypatch)


def _use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETAIL_DATA_DIR", str(folder))
    monkeypatch.setenv("RETAIL_THREADS", "2")
    monkeypatch.setenv("RETAIL_MEMORY_LIMIT_MB", "512")
    monkeypatch.setenv("DAGSTER_HOME", str(folder / ".dagster"))
    return folder


@pytest.fixture
def retail(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Retail]:
    """Runs `retail` with these arguments in this process, as the console script would."""
    monkeypatch.delenv("COLUMNS", raising=False)  # pytest's workers set it, and what is piped shall not fold

    def run(*arguments: str | Path, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as done:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        code = done.value.code
        return Result(code if isinstance(code, int) else 0, out, err)

    yield run
    settings_of_process.cache_clear()


@pytest.fixture
def shell() -> Retail:
    """Runs `retail` with these arguments in a process of its own."""

    def run(*arguments: str | Path, stdin: str = "", **environment: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "retail_assets.cli.program", *map(str, arguments)],
            input=stdin,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run
