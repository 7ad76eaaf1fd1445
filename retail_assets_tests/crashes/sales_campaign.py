"""Kills of what is done to a shop: extraction and sales, and forgetting a customer. A process of its own, which forks.

Run as ``python -m retail_assets_tests.crashes.sales_campaign FOLDER follow|forget KILLS SEED``, with the variables
RETAIL_SALES_* naming a database that it may change; prints one JSON a trial.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from retail_assets.assets.catalogue import sales_steps
from retail_assets.assets.materialization import materialize, runnable, stale
from retail_assets.assets.partitions import of_dates
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import export_location, export_sales
from retail_assets.contracts import contract
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.settings import Settings
from retail_assets_tests.crashes.forks import KILLED, Child, fork
from retail_assets_tests.crashes.state import UNKNOWN, State, inconsistent, neither, observe
from retail_assets_tests.crashes.trial import hook_changes

CUSTOMER = "5"
CHANGES = (
    "UPDATE payment SET amount = amount + 1 WHERE payment_date::date = '2019-11-02' AND payment_id % 3 = 0",
    "DELETE FROM payment WHERE payment_date::date = '2019-11-01' AND payment_id % 10 = 0",
    "UPDATE country SET country = 'Elsewhere' WHERE country = 'India'",
    "INSERT INTO payment SELECT 3000000 + payment_id, customer_id, staff_id, rental_id, 1, '2019-11-05 10:00' "
    "FROM payment WHERE payment_id < 20",
)
SEEN = re.compile("(extraction|joined_sales|sales|warehouse_sales|sales_export|rewriting): (replace|unlink) ")
"""Changes that readers may see, in steps that stand for the others."""
Tell = Callable[[str], None]


@dataclass
class Outcome:
    """What a trial found: before which changes a kill fell, how often it was looked, and everything that was wrong."""

    fell: list[str] = field(default_factory=list)
    looks: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """A platform that holds the shop as it was, what is done to it, and what readers see before and after."""

    base: Path
    kind: str
    old: State
    new: State


def platform_in(folder: Path) -> Platform:
    """A platform for one process on one core, with a clock that stands still."""
    return Platform.local(
        Settings(data_dir=folder, threads=1, memory_limit_mb=256, as_of=datetime(2019, 12, 1, tzinfo=UTC))
    )


def work(kind: str, folder: Path, tell: Tell) -> None:
    """Extract the shop as it is now, or forget a customer; then make what follows, as a backfill does."""
    platform = platform_in(folder)
    tell("extraction")
    if kind == "forget":
        platform.extraction.forget(CUSTOMER)
    else:
        platform.extraction.take()
    for step in sales_steps():
        tell(step.name)
        todo = stale(platform, step, runnable(platform, step, of_dates(step.partitioning, known_days(platform))))
        made = list(materialize(platform, step, platform.inputs(step), todo)) if todo else []
        bad = [verdict for item in made if not item.published for verdict in item.verdicts if not verdict.passed]
        assert not bad, bad
    tell("sales_export")
    export_sales(platform)
    tell("rewriting")
    platform.stores["warehouse"].rewrite()  # type: ignore[attr-defined]


def seen_in(folder: Path) -> State:
    """What readers see: every dataset, table and file, and what was extracted."""
    platform = platform_in(folder)
    found = observe(platform, sales_steps())
    for name, table in platform.extraction.latest().tables.items():
        dataset = platform.extraction.latest().dataset(contract(name))
        columns = ", ".join(column.quoted for column in dataset.contract.columns)
        with duckdb.connect(config={"threads": 1}) as connection:
            held = connection.execute(
                f"SELECT count(*) || '-' || coalesce(sum(hash({columns})), 0) FROM ({dataset.relation()})"
            ).fetchone()
        assert held == (table.digest,), f"{name} was extracted as {table.digest}, and its object holds {held}"
        found[f"extracted/{name}"] = table.digest
    root = Path(export_location(platform))
    return found | {
        f"export/{path.relative_to(root)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*.parquet")
    }


def check(folder: Path, scene: Scene, outcome: Outcome) -> None:
    """With nobody at work, each thing is the old one or the new one, and every manifest tells the truth."""

    def look(_: Tell) -> None:
        wrong = neither(seen_in(folder), scene.old, scene.new) + inconsistent(platform_in(folder), sales_steps())
        assert not wrong, "\n".join(wrong)

    _require(fork(look), "after the kill", outcome)
    outcome.looks += 1


def end(folder: Path, scene: Scene, outcome: Outcome) -> None:
    """Run to the end: nothing is left but what an undisturbed run leaves."""

    def again(tell: Tell) -> None:
        work(scene.kind, folder, tell)
        seen = seen_in(folder)
        wrong = [key for key in {*seen, *scene.new} if seen.get(key) != scene.new.get(key) and seen.get(key) != UNKNOWN]
        assert not wrong, "\n".join(sorted(wrong))
        platform = platform_in(folder)
        held = {path.name for path in (platform.extraction.folder / "objects").iterdir()}
        named = {table.file for table in platform.extraction.latest().tables.values()}
        assert held == named or scene.kind == "follow", f"{held - named} is left"
        left = list((platform.extraction.folder / "staging").iterdir())
        assert not left, left

    _require(fork(again), "after the rerun", outcome)


def random_trial(folder: Path, scene: Scene, instants: Sequence[float]) -> Outcome:
    """Kill a run after so many seconds, its rerun after so many more, and so on."""
    outcome = Outcome()
    shutil.copytree(scene.base, folder)
    for instant in instants:
        child = fork(lambda tell: work(scene.kind, folder, tell))
        if child.kill_after(instant) == KILLED:
            outcome.fell.append(child.last_line)
            check(folder, scene, outcome)
        elif child.code:
            outcome.wrong.append(child.told)
    end(folder, scene, outcome)
    return outcome


def chained_trial(folder: Path, scene: Scene) -> Outcome:
    """Kill a run just before the first change of each kind that readers may see, its rerun at the next, and so on."""
    outcome = Outcome()
    shutil.copytree(scene.base, folder)
    watched = fork(lambda tell: _until(scene.kind, _copy(scene, folder), None, tell))
    _require(watched, "watched", outcome)
    changes = dict.fromkeys(line.removeprefix("change ") for line in watched.told.splitlines())
    for change in (change for change in changes if SEEN.match(change)):
        child = fork(lambda tell, change=change: _until(scene.kind, folder, change, tell))
        if child.wait() == KILLED:
            outcome.fell.append(change)
            check(folder, scene, outcome)
        else:  # what was to be changed had been, by a run before; the next one begins again
            end(folder, scene, outcome)
            shutil.rmtree(folder)
            shutil.copytree(scene.base, folder)
    end(folder, scene, outcome)
    return outcome


def _copy(scene: Scene, folder: Path) -> Path:
    return Path(shutil.copytree(scene.base, folder.parent / "watched" / folder.name))


def _until(kind: str, folder: Path, target: str | None, tell: Tell) -> None:
    def seen(change: str) -> None:
        if change == target:
            os.kill(os.getpid(), signal.SIGKILL)
        tell(f"change {change}")

    where = hook_changes(seen)
    work(kind, folder, where.append)


def _require(child: Child, when: str, outcome: Outcome) -> None:
    if child.wait():
        outcome.wrong.append(f"{when}:\n{child.told}")


def scene_in(folder: Path, kind: str) -> Scene:
    """Hold the shop, then change it; what an undisturbed run makes of that is what all others must end with."""
    base, twin = folder / "base" / "data", folder / "twin" / "data"
    held = _told(lambda tell: (work("follow", base, lambda _: None), tell(json.dumps(seen_in(base)))))
    if kind == "follow":
        _change()
    shutil.copytree(base, twin)
    new = _told(lambda tell: (work(kind, twin, lambda _: None), tell(json.dumps(seen_in(twin)))))
    return Scene(base, kind, json.loads(held), json.loads(new))


def _told(look: Callable[[Tell], object]) -> str:
    child = fork(look)  # type: ignore[arg-type]
    if child.wait():
        raise RuntimeError(child.told)
    return child.told


def _change() -> None:
    sales = Settings().sales
    password = sales.password.get_secret_value() if sales.password else ""
    server = PostgresServer(sales.port, str(sales.host), sales.user, password)
    connection = server.connect(sales.database)
    with connection.cursor() as cursor:
        for statement in CHANGES:
            cursor.execute(statement)
    connection.close()


def main(folder: Path, kind: str, kills: int, seed: int) -> None:
    """Prepare the scene, then perform the trials: the chained one, and kills at so many random instants."""
    scene, chance = scene_in(folder, kind), random.Random(seed)
    _print(chained_trial(folder / "chain" / "data", scene))
    started = time.monotonic()
    _print(random_trial(folder / "calm" / "data", scene, []))
    seconds = (time.monotonic() - started) / 2  # of which checking takes a part
    _print(random_trial(folder / "random" / "data", scene, [chance.uniform(0, seconds) for _ in range(kills)]))


def _print(outcome: Outcome) -> None:
    print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
