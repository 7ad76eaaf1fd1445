"""A campaign of trials, in a process of its own that has imported everything and forks the rest.

Run as ``python -m retail_assets_tests.crashes.campaign FOLDER random|chained KILLS SEED``; prints one JSON a trial.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

from retail_assets.assets.calendar import calendar_rows
from retail_assets_tests.crashes.forks import fork
from retail_assets_tests.crashes.state import files_of, folders_of, observe
from retail_assets_tests.crashes.trial import Outcome, Scene, chained_trial, changes_of, random_trial, work
from retail_assets_tests.crashes.workload import land, platform_in, run, write_generations

TOGETHER = 2
KILLS_PER_TRIAL = 3
DATA = "data"
Trial = Callable[[], Outcome]


def import_everything() -> None:
    """What a run would import late; nothing that starts a thread."""
    import duckdb  # noqa: F401
    import filelock  # noqa: F401
    import numpy as np  # noqa: F401

    calendar_rows(platform_in(Path("/nowhere")).settings)


def scene_in(folder: Path) -> Scene:
    """Build both generations undisturbed."""
    first, second = write_generations(folder / "files")
    base, twin = folder / "base" / DATA, folder / "undisturbed" / DATA
    _in_child(lambda _: (land(platform_in(base), first), run(platform_in(base))))
    shutil.copytree(base, twin)
    _in_child(lambda tell: work(twin, second, tell))
    old, new, ended = (
        json.loads(_in_child(lambda tell, look=look: tell(json.dumps(look()))))
        for look in (
            lambda: observe(platform_in(base)),
            lambda: observe(platform_in(twin)),
            lambda: files_of(platform_in(twin)),
        )
    )
    return Scene(base, second, old, new, ended, frozenset(folders_of(platform_in(twin))))


def random_trials(folder: Path, scene: Scene, seconds: float, seed: int) -> Iterator[Trial]:
    """Kills spread evenly over the duration of a run, and of the reruns after it."""
    chance = random.Random(seed)
    for number in count():
        instants = [chance.uniform(0, seconds) for _ in range(KILLS_PER_TRIAL)]
        name = " and ".join(f"{instant:.3f} s" for instant in instants)
        yield partial(random_trial, name, folder / f"trial-{number}" / DATA, scene, instants)


def chained_trials(folder: Path, scene: Scene) -> Iterator[Trial]:
    """A kill before the first change of each kind that a run makes on the disk, and amidst those that publish."""
    twin = folder / "watched" / DATA
    shutil.copytree(scene.base, twin)
    told = _in_child(lambda tell: changes_of(twin, scene.files, tell))
    changes = Counter(line.removeprefix("change ") for line in told.splitlines())
    every = [(change, number) for change in changes for number in (1, 2) if number <= changes[change]]
    chosen = [(change, number) for change, number in every if number == 1 or ": replace" in change]
    for part in range(TOGETHER):
        yield partial(chained_trial, f"chain {part}", folder / f"chain-{part}" / DATA, scene, chosen[part::TOGETHER])


def perform(trials: Iterator[Trial], kills: int) -> None:
    """Run trials until so many kills fell, some together, each in a process of its own that prints what it found."""
    running: set[int] = set()
    fallen = 0
    while True:
        while len(running) < TOGETHER and fallen < kills and (trial := next(trials, None)):
            running.add(fork(lambda _, trial=trial: _report(trial())).pid)
        if not running:
            return
        pid, status = os.wait()
        running.discard(pid)
        fallen += os.waitstatus_to_exitcode(status)


def _report(outcome: Outcome) -> None:
    """Print it, and end with the number of kills that fell."""
    os.write(sys.stdout.fileno(), (json.dumps(outcome.document()) + "\n").encode())
    os._exit(min(len(outcome.fell), 100))


def _in_child(work: Callable[[Callable[[str], None]], object]) -> str:
    child = fork(work)  # type: ignore[arg-type]
    if child.wait():
        raise RuntimeError(child.told)
    return child.told


def main(folder: Path, kind: str, kills: int, seed: int) -> None:
    """Prepare the scene, then perform the trials."""
    import_everything()
    scene = scene_in(folder)
    if kind == "chained":
        perform(chained_trials(folder, scene), kills)
        return
    started = time.monotonic()  # under the same load as the trials
    perform((partial(random_trial, "undisturbed", folder / f"calm-{n}" / DATA, scene, []) for n in range(TOGETHER)), 1)
    perform(random_trials(folder, scene, time.monotonic() - started, seed), kills)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
