"""A run whose disk fills up at a step, in a process of its own.

Run as ``python -m retail_assets_tests.crashes.small_disk FOLDER disk|limit STEP``: ``disk`` fills the file system that
holds the folder, which should be a small one; ``limit`` lets no file of the process grow. Prints what was seen as JSON.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets.engine.full_disk import FullDisk
from retail_assets_tests.crashes.state import files_of, folders_of, inconsistent, neither, observe
from retail_assets_tests.crashes.trial import Scene, compare
from retail_assets_tests.crashes.workload import land, platform_in, run, write_generations

LARGEST = 1024
PIECE = 256 * 1024


def main(folder: Path, kind: str, step: str) -> None:
    """Publish the first generation, fill the disk at the step of the second, look on, free it, run again."""
    first, second = write_generations(folder / "files")
    base, twin = folder / "base" / "data", folder / "twin" / "data"
    platform, undisturbed = platform_in(base), platform_in(twin)
    land(platform, first)
    run(platform)
    shutil.copytree(base, twin)
    land(undisturbed, second)
    run(undisturbed)
    old, new, ended = observe(platform), observe(undisturbed), files_of(undisturbed)
    scene = Scene(base, second, old, new, ended, frozenset(folders_of(undisturbed)))
    land(platform, second)
    fill, free = WAYS[kind](folder)
    message = _message(platform, lambda name: fill() if name == step else None)
    found = {"message": message, "wrong": neither(observe(platform), old, new) + inconsistent(platform)}
    found["left"] = _left_in_staging(platform)
    found["blocked"] = [name for name, entry in platform.landing.files().items() if entry.state == "blocked"]
    free()
    run(platform)
    compare(base, scene)
    print(json.dumps(found))


def _message(platform: Platform, on_step: Callable[[str], None]) -> str:
    try:
        run(platform, on_step)
    except FullDisk as error:
        return str(error)
    return "it ran to its end"


def _left_in_staging(platform: Platform) -> list[str]:
    root = platform.settings.data_dir
    places = [root / "lake" / "_staging", root / ".warehouse-staging", root / ".spill"]
    left = [path.name for place in places if place.is_dir() for path in place.iterdir() if path.is_dir()]
    hidden = [path.name for path in root.rglob(".*") if path.name.startswith((".reading-", ".00", "._"))]
    return left + hidden


def _filling(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    ballast = folder / "ballast"

    def fill() -> None:
        for size in (PIECE, 1):
            with ballast.open("ab", buffering=0) as stream:
                try:
                    while stream.write(bytes(size)):
                        pass
                except OSError:
                    continue

    return fill, ballast.unlink


def _limiting(_: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(soft: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, before[1]))

    return lambda: limit(LARGEST), lambda: limit(before[0])


WAYS = {"disk": _filling, "limit": _limiting}

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
