"""One trial: a run is killed, readers look on all the while, and a rerun must end as an undisturbed run does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from retail_assets.lake.folder_lake import FolderLake
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets_tests.crashes.forks import KILLED, Child, fork
from retail_assets_tests.crashes.state import State, files_of, folders_of, inconsistent, neither, observe
from retail_assets_tests.crashes.workload import land, platform_in, run, sweep

Tell = Callable[[str], None]
Target = tuple[str, int]
"""A change on the disk, and the how manyth of its kind."""
READ_EVERY_SECONDS = 0.2
ATTEMPTS = 5
CHANGES = ("replace", "rename", "link", "unlink", "mkdir", "fsync")
"""Calls that change what is on the disk, before each of which a process may die."""


@dataclass(frozen=True)
class Scene:
    """The first generation, published; the files of the second; and what an undisturbed run makes of them."""

    base: Path
    files: Sequence[Path]
    old: State
    new: State
    ended: State
    folders: frozenset[str]


@dataclass
class Outcome:
    """What a trial found: where each kill fell, and everything that was wrong."""

    name: str
    fell: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    observations: int = 0
    wrong: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def work(folder: Path, files: Sequence[Path], tell: Tell) -> None:
    """Land the files and run everything, telling each step and each publication."""
    _tell_publications(FolderLake, tell)
    _tell_publications(DuckDBFile, tell)
    platform = platform_in(folder)
    tell("landing")
    land(platform, list(files))
    run(platform, tell)
    tell("done")


def random_trial(name: str, folder: Path, scene: Scene, instants: Sequence[float]) -> Outcome:
    """Kill a run after so many seconds, then its rerun, and so on; then rerun to the end. Readers look on meanwhile."""
    outcome = Outcome(name)
    shutil.copytree(scene.base, folder)
    with _Reader(folder, scene, outcome):
        for instant in instants:
            runner = fork(lambda tell: work(folder, scene.files, tell))
            _note(runner, runner.kill_after(instant), outcome)
    _check_after_kill(folder, scene, outcome)
    _rerun(folder, scene, outcome)
    return outcome


def chained_trial(name: str, folder: Path, scene: Scene, targets: Sequence[Target]) -> Outcome:
    """Kill a run just before it makes a certain change on the disk, its rerun at the next one, to the end."""
    outcome = Outcome(name)
    shutil.copytree(scene.base, folder)
    for target in targets:
        runner = fork(lambda _, target=target: _work_until(folder, scene.files, target))
        _note(runner, runner.wait(), outcome)
        if runner.code == KILLED:
            outcome.fell[-1] = f"{target[0]} ({target[1]})"
            _check_after_kill(folder, scene, outcome)
        else:  # what was to be changed had been, by a run before; the next one begins again
            outcome.missed.append(f"{target[0]} ({target[1]})")
            _rerun(folder, scene, outcome)
            shutil.rmtree(folder)
            shutil.copytree(scene.base, folder)
    _rerun(folder, scene, outcome)
    return outcome


def changes_of(folder: Path, files: Sequence[Path], tell: Tell) -> None:
    """Run undisturbed, telling every change on the disk as ``step: call path``."""
    where = hook_changes(lambda change: tell(f"change {change}"))
    work(folder, files, where.append)


def _work_until(folder: Path, files: Sequence[Path], target: Target) -> None:
    seen = Counter[str]()

    def die_at(change: str) -> None:
        seen[change] += 1
        if (change, seen[change]) == target:
            os.kill(os.getpid(), signal.SIGKILL)

    where = hook_changes(die_at)
    work(folder, files, where.append)


def hook_changes(seen: Callable[[str], None]) -> list[str]:
    """Call ``seen`` before every change; the list that is returned takes the names of the steps."""
    where = [""]

    def hook(call: str) -> None:
        original = getattr(os, call)

        def hooked(*arguments: Any, **options: Any) -> Any:
            if call != "mkdir" or not os.path.exists(arguments[0]):
                seen(f"{where[-1]}: {call} {shape(arguments)}")
            return original(*arguments, **options)

        setattr(os, call, hooked)

    for call in CHANGES:
        hook(call)
    return where


def shape(arguments: Sequence[Any]) -> str:
    """What kind of place the call changes: the last folder and name of its target, without what is ever another."""
    paths = [Path(value) for value in arguments if isinstance(value, str | os.PathLike)]
    target = paths[-1] if paths else Path("?")
    parts = [_plain(part) for part in target.parts[-2:]]
    return "/".join(parts)


def _plain(part: str) -> str:
    for start in ("date=", "key_type=", "tmp", ".reading-"):
        if part.startswith(start):
            return start
    return re.sub(r"[0-9a-f]{8,}|[0-9]+", "#", part)


def _tell_publications(store: Any, tell: Tell) -> None:
    publish = store.publish

    def told(self: Any, output: Any, publications: Any) -> int:
        tell(f"publishing {self.kind} {output.contract.name}")
        changed: int = publish(self, output, publications)
        tell(f"published {self.kind} {output.contract.name}")
        return changed

    store.publish = told


def _note(runner: Child, code: int, outcome: Outcome) -> None:
    if code == KILLED:
        outcome.fell.append(runner.last_line)
    elif code:
        outcome.wrong.append(f"a run failed:\n{runner.told}")


class _Reader:
    """A process that reads everything again and again while the block runs."""

    def __init__(self, folder: Path, scene: Scene, outcome: Outcome) -> None:
        self.folder, self.scene, self.outcome = folder, scene, outcome

    def __enter__(self) -> None:
        self.asking, self.answering = os.pipe()
        self.child = fork(self._look)
        os.close(self.asking)

    def __exit__(self, *_: object) -> None:
        os.close(self.answering)
        if self.child.wait():
            self.outcome.wrong.append(f"a reader failed:\n{self.child.told}")
        else:
            self.outcome.observations += int(self.child.last_line or 0)

    def _look(self, tell: Tell) -> None:
        """Until the other end of the pipe is closed."""
        os.close(self.answering)
        os.set_blocking(self.asking, False)
        number = 0
        while True:
            _must_be_whole(self.folder, self.scene)
            number += 1
            time.sleep(READ_EVERY_SECONDS)
            try:
                if not os.read(self.asking, 1):
                    break
            except BlockingIOError:
                continue
        tell(str(number))


def _must_be_whole(folder: Path, scene: Scene) -> None:
    wrong = neither(_observe_patiently(folder), scene.old, scene.new)
    assert not wrong, "\n".join(wrong)


def _observe_patiently(folder: Path) -> State:
    """DuckDB opens a file once for its footer and again for its rows: a query between which it was replaced fails."""
    import duckdb

    for _ in range(ATTEMPTS):
        try:
            return observe(platform_in(folder))
        except duckdb.Error as error:
            failure = error
    raise failure


def _check_after_kill(folder: Path, scene: Scene, outcome: Outcome) -> None:
    """With no run alive, readers see old or new, and every manifest tells the truth."""

    def check(tell: Tell) -> None:
        _must_be_whole(folder, scene)
        wrong = inconsistent(platform_in(folder))
        assert not wrong, "\n".join(wrong)

    _require(fork(check), "after the kill", outcome)
    outcome.observations += 1


def _rerun(folder: Path, scene: Scene, outcome: Outcome) -> None:
    def again(tell: Tell) -> None:
        work(folder, scene.files, tell)
        sweep(platform_in(folder))
        compare(folder, scene)

    _require(fork(again), "after the rerun", outcome)


def compare(folder: Path, scene: Scene) -> None:
    """Hold the platform against what an undisturbed run ends with: what readers see, every file, every folder."""
    platform = platform_in(folder)
    seen, files = observe(platform), files_of(platform)
    wrong = [f"{key}: {seen.get(key)} instead of {scene.new.get(key)}" for key in differing(seen, scene.new)]
    wrong += [f"file {key} differs" for key in differing(files, scene.ended)]
    wrong += [f"folder {name} is left" for name in sorted(folders_of(platform) - scene.folders)]
    assert not wrong, "\n".join(wrong)


def differing(one: State, other: State) -> list[str]:
    """Keys under which the two hold different things."""
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))


def _require(child: Child, when: str, outcome: Outcome) -> None:
    if child.wait():
        outcome.wrong.append(f"{when}:\n{child.told}")
