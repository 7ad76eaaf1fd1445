"""D65 and D66: publishers that are killed, and publishers at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import publish_features, shelf
from retail_assets.contracts import contract
from retail_assets.engine import locking
from retail_assets.versions.publishing import Publisher
from retail_assets.versions.verification import verify
from retail_assets.versions.version import Origin

ROOT = Path(__file__).parents[2]
OPEN = """
import os, signal, sys
from pathlib import Path
from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import publish_features
from retail_assets.settings import Settings

platform = Platform.local(Settings(data_dir=Path(sys.argv[1])))
"""
PUBLISH = OPEN + "print(publish_features(platform).version.reference)"
DIE = (
    OPEN
    + """
deadly, left = sys.argv[2], int(sys.argv[3])
place = "_staging" if deadly == "shutil.rmtree" else "retail_aggregates"

def die(event, arguments):
    global left
    if event == deadly and place in str(arguments):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
publish_features(platform)
"""
)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Python code in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RETAIL_THREADS": "1", "RETAIL_MEMORY_LIMIT_MB": "256"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("instant", "times"),
    [("os.link", 1), ("os.link", 5), ("open", 2), ("open", 7), ("os.mkdir", 1), ("os.rename", 1)],
    ids=str,
)
def test_a_killed_publisher_leaves_no_version_and_the_next_one_makes_a_whole_one(
    shop: Platform, instant: str, times: int
) -> None:
    with start(DIE, str(shop.settings.data_dir), instant, str(times)) as killed:
        assert killed.wait(60) == -signal.SIGKILL
    staging = shop.settings.lake_dir / "_staging"

    assert shelf(shop).numbers() == []
    outcome = publish_features(shop)

    assert (outcome.is_new, outcome.version.reference) == (True, "retail_aggregates:1")
    assert verify([outcome.version]) == []
    assert list(staging.iterdir()) == []


def test_a_publisher_that_is_killed_just_after_has_published(shop: Platform) -> None:
    with start(DIE, str(shop.settings.data_dir), "shutil.rmtree", "1") as killed:  # what follows the rename
        assert killed.wait(60) == -signal.SIGKILL

    outcome = publish_features(shop)

    assert (outcome.is_new, outcome.version.reference) == (False, "retail_aggregates:1")
    assert verify([outcome.version]) == []
    assert list((shop.settings.lake_dir / "_staging").iterdir()) == []


def test_a_run_that_begins_meanwhile_leaves_a_publisher_its_files(shop: Platform) -> None:
    lake = shop.stores["lake"]

    def origin(_: object) -> Origin:
        with lake.staging():  # as any run does, and removes what the dead have left there
            return Origin("test")

    outcome = Publisher(shelf(shop), lake, contract("features"), shop.settings, origin).publish()

    assert verify([outcome.version]) == []


def test_publishers_at_the_same_time_agree_on_one_version(shop: Platform) -> None:
    folder = str(shop.settings.data_dir)
    with start(PUBLISH, folder) as one, start(PUBLISH, folder) as two:
        said = {one.communicate(timeout=60)[0].strip(), two.communicate(timeout=60)[0].strip()}

    assert said == {"retail_aggregates:1"}
    assert shelf(shop).numbers() == [1]


def test_publishing_waits_for_a_run_that_is_writing_features(shop: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, features = shop.stores["lake"], contract("features")
    waits = threading.Event()
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(locking.LOG, "warning", lambda *_: waits.set())
    (entry, *_) = lake.published(features).values()
    path = Path(entry.location)

    with ThreadPoolExecutor(1) as pool:
        with lake.writing(features):
            path.rename(path.with_suffix(".aside"))
            publishing = pool.submit(publish_features, shop)
            assert waits.wait(30)
            path.with_suffix(".aside").rename(path)
        outcome = publishing.result(30)

    assert outcome.is_new
    assert verify([outcome.version]) == []
