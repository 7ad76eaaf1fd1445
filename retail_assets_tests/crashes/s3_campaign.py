"""Kills of a run whose lake is on S3, each around a request that changes something there.

Run as ``python -m retail_assets_tests.crashes.s3_campaign ENDPOINT URL FOLDER SEED``, with credentials in the
environment; prints what was found as JSON. A process of its own that forks the runs, so that each begins at once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3 import s3_client
from retail_assets.settings import S3Settings, Settings
from retail_assets_tests.crashes.campaign import import_everything
from retail_assets_tests.crashes.forks import KILLED, fork
from retail_assets_tests.crashes.state import State, inconsistent, neither, observe
from retail_assets_tests.crashes.workload import land, run, write_generations
from retail_assets_tests.servers.on_s3 import objects

MOMENTS = {"before": "before-call.s3", "after": "after-call.s3"}
CHANGING = ("PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "CompleteMultipartUpload")
MOST_REQUESTS = 30
"""Of a run until it is killed: the longest way from one kill to the next."""
MOST_KILLS = 12
LEAST_OBJECTS = 20


def platform_at(endpoint: str, url: str, folder: Path) -> Platform:
    """A platform for one process on one core, with a clock that stands still."""
    s3 = S3Settings(endpoint_url=endpoint, path_style=True, region="us-east-1")
    as_of = datetime(2019, 12, 1, tzinfo=UTC)
    limits = {"threads": 1, "memory_limit_mb": 256}
    return Platform.of(Settings(data_dir=folder, lake_url=url, s3=s3, as_of=as_of, lookback_days=30, **limits))


def main(endpoint: str, url: str, folder: Path, seed: int) -> None:
    """Publish the first generation, kill runs over the second until one comes through, look on after each."""
    import_everything()
    first, second = write_generations(folder / "files")
    place, calm = f"{url}/killed", f"{url}/calm"

    def killed() -> Platform:
        return platform_at(endpoint, place, folder / "killed")

    def undisturbed() -> Platform:
        return platform_at(endpoint, calm, folder / "calm")

    for platform in (killed, undisturbed):
        _in_child(lambda platform=platform: _work(platform(), first))
    old = _seen(undisturbed)
    _in_child(lambda: _work(undisturbed(), second))
    new = _seen(undisturbed)
    chance, wrong, kills = random.Random(seed), list[str](), list[str]()
    while len(kills) < MOST_KILLS and _dies(killed, second, chance, kills):
        wrong += _in_child(lambda: [*inconsistent(killed()), *neither(observe(killed()), old, new)])
    _in_child(lambda: _work(killed(), second))
    ended = _seen(killed)
    differing = [key for key in ended | new if ended.get(key) != new.get(key)]
    wrong += [f"{key}: {ended.get(key)} instead of {new.get(key)}" for key in differing]
    names = _in_child(lambda: [sorted(objects(killed())), sorted(objects(undisturbed()))])
    wrong += [] if names[0] == names[1] and len(names[0]) >= LEAST_OBJECTS else [f"objects: {names}"]
    print(json.dumps({"kills": kills, "wrong": wrong}))


def _work(platform: Platform, files: list[Path]) -> None:
    land(platform, files)
    run(platform)


def _dies(platform: Callable[[], Platform], files: list[Path], chance: random.Random, kills: list[str]) -> bool:
    """Let a run work until it is killed at a request; whether one was."""
    moment, number = chance.choice(list(MOMENTS)), chance.randint(1, MOST_REQUESTS)

    def work(tell: Callable[[str], None]) -> None:
        chosen, seen = platform(), list[str]()

        def die_at(model: object, **_: object) -> None:
            name = model.name  # type: ignore[attr-defined]
            if name in CHANGING:
                seen.append(name)
                if len(seen) == number:
                    tell(f"{moment} {name} {number}")
                    os.kill(os.getpid(), signal.SIGKILL)

        s3_client(chosen.settings.s3).meta.events.register(MOMENTS[moment], die_at)
        _work(chosen, files)

    child = fork(work)
    code = child.wait()
    if code not in (0, KILLED):
        raise RuntimeError(child.told)
    kills += [child.last_line] if code == KILLED else []
    return code == KILLED


def _seen(platform: Callable[[], Platform]) -> State:
    return _in_child(lambda: observe(platform()))


def _in_child(work: Callable[[], Any]) -> Any:
    child = fork(lambda tell: tell(json.dumps(work())))
    if child.wait():
        raise RuntimeError(child.told)
    return json.loads(child.told)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
