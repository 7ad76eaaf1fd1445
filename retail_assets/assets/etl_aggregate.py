"""From a folder of event files to the features of one key type, in one go: what the published pipeline's job did.

The work is the platform's own. A private platform in a temporary folder takes the files in and makes the same steps
with the same checks; only the features of the key type that was asked for are kept.
"""

from __future__ import annotations

import filecmp
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from retail_assets.assets import clickstream
from retail_assets.assets.materialization import Made, materialize, runnable
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import contract
from retail_assets.engine.audit import Verdict
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.session import session
from retail_assets.landing.arrival import SUFFIXES
from retail_assets.landing.inbox import arrivals
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.progress import Tell
from retail_assets.settings import Settings

NOT_REJECTED = ("received", "clean", "excluded", "duplicate", "held_back")
"""Outcomes in the books that are no reject reasons."""


@dataclass(frozen=True)
class Order:
    """What is asked for: features of ``key_type`` below ``output_path``, from the event files in ``input_data``."""

    input_data: Path
    key_type: str
    output_path: Path
    work_dir: Path | None = None
    """Where the temporary folder is made; None is the system's choice."""


@dataclass(frozen=True)
class Day:
    """A date of the input: rows that landed, clean ones, keys seen, and rows of features; the latter two 0 if none."""

    date: str
    rows: int
    clean: int
    keys: int
    features: int
    is_written: bool


@dataclass(frozen=True)
class Check:
    """A check over all dates that it judged, and what it found on those that did not pass."""

    step: str
    name: str
    blocking: bool
    dates: int
    failed: Mapping[str, str]
    """Detail by date."""


@dataclass(frozen=True)
class Aggregated:
    """What became of an order."""

    files: tuple[LandedFile, ...]
    unsettled: tuple[str, ...]
    """Files that changed while they were read."""
    ignored: tuple[str, ...]
    """Files whose names say that they are no event files."""
    days: tuple[Day, ...]
    books: Mapping[str, int]
    """Rows by outcome: received = clean + excluded + duplicate + held_back + every reject reason."""
    unique_keys: int
    checks: tuple[Check, ...]

    @property
    def blocked(self) -> list[LandedFile]:
        """Files that could not be read."""
        return [file for file in self.files if file.state == "blocked"]

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected rows by reason, the most frequent first."""
        reasons = [(reason, rows) for reason, rows in self.books.items() if reason not in NOT_REJECTED]
        return dict(sorted(reasons, key=lambda item: (-item[1], item[0])))

    @property
    def missing(self) -> list[str]:
        """Dates of the input whose features were not written."""
        return [day.date for day in self.days if not day.is_written]

    @property
    def succeeded(self) -> bool:
        """Whether every file could be read and every blocking check passed on every date."""
        return not (self.blocked or self.unsettled or self.missing)


def aggregate(order: Order, settings: Settings, tell: Tell | None = None) -> Aggregated:
    """Write the features of the order, date by date, each atomically; returns what became of files, rows and dates.

    Dates of which a blocking check failed are left out: what the output held of them stays.

    Raises:
        ValueError: the folders do not allow it; the message says why.
    """
    below = order.work_dir or Path(gettempdir())
    _require_folders(order, below)
    below.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="retail-etl-", dir=below, ignore_cleanup_errors=True) as folder:
        own = {"data_dir": Path(folder), "inbox_dir": order.input_data.absolute(), "settle_seconds": 0}
        platform = Platform.local(settings.model_copy(update=own))
        files = platform.landing.take_in(tell)
        made = {step.name: _make(platform, step, order.key_type) for step in clickstream.TO_FEATURES}
        _write(platform, order)
        return _report(platform, order, files, made)


def _require_folders(order: Order, below: Path) -> None:
    source, target = order.input_data.resolve(), order.output_path.resolve()
    if not source.is_dir():
        raise ValueError(f"there is no folder {order.input_data}. Name the folder of event files as --input_data.")
    for option, folder in (("--output_path", target), ("the temporary folder (--work_dir)", below.resolve())):
        if folder.is_relative_to(source):
            raise ValueError(f"{option} {folder} lies inside --input_data {source}, which is only read. Name another.")
    if source.is_relative_to(target / f"key_type={order.key_type}"):
        raise ValueError(f"--input_data {source} lies among the features of --output_path {target}. Name another.")
    if target.exists() and not target.is_dir():
        raise ValueError(f"--output_path {target} is no folder. Name another.")
    if not arrivals(source):
        raise ValueError(f"{source} holds no event file: their names end in {', '.join(SUFFIXES)}. Nothing was done.")


def _make(platform: Platform, step: Step, key_type: str) -> list[Made]:
    """Make all dates of the input whose own inputs are published."""
    key = {"key_type": key_type} if step.partitioning == "date_and_key" else {}
    wanted = [Partition.of(date=day, **key) for day in platform.landing.dates()]
    return list(materialize(platform, step, platform.inputs(step), runnable(platform, step, wanted)))


def _write(platform: Platform, order: Order) -> None:
    """Put the features into their place, one partition after another."""
    root = platform.settings.lake_dir / "features"
    made = platform.stores["lake"].dataset(contract("features")).objects
    purpose = f"writing key_type={order.key_type} into {order.output_path}"
    if made:
        with exclusive(order.output_path / f".key_type={order.key_type}.lock", purpose):
            for stored in made:
                _replace(Path(stored.location), order.output_path / Path(stored.location).relative_to(root))


def _replace(source: Path, target: Path) -> None:
    """Replace the partition's object in one step, then remove what else readers would take for a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
        temporary = target.with_name(f".{target.name}.part")  # on the target's own disk, whatever the work folder's is
        try:
            shutil.copyfile(source, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    for path in target.parent.iterdir():
        if path != target and path.is_file() and not path.name.startswith((".", "_")):
            path.unlink()


def _report(
    platform: Platform, order: Order, files: Sequence[LandedFile], made: Mapping[str, list[Made]]
) -> Aggregated:
    return Aggregated(
        files=tuple(files),
        unsettled=tuple(arrival.name for arrival in platform.landing.pending()),
        ignored=_ignored(order.input_data),
        days=_days(platform, made),
        books=_books(platform),
        unique_keys=_unique_keys(platform),
        checks=tuple(check for name, items in made.items() for check in _checks(name, items)),
    )


def _ignored(folder: Path) -> tuple[str, ...]:
    """Files that are neither hidden nor temporary nor event files."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    shown = (path for path in paths if not any(part.startswith((".", "_")) for part in path.parts))
    return tuple(sorted(path.as_posix() for path in shown if not path.name.lower().endswith(SUFFIXES)))


def _days(platform: Platform, made: Mapping[str, list[Made]]) -> tuple[Day, ...]:
    landed = Counter[str]()
    for file in platform.landing.files().values():
        landed.update(file.parts)
    rows = {
        name: {item.partition.get("date"): item.facts[name].rows for item in items if item.published}
        for name, items in made.items()
    }
    return tuple(
        Day(
            date=day,
            rows=landed[day],
            clean=rows["clean_events"].get(day, 0),
            keys=rows["daily_aggregates"].get(day, 0),
            features=rows["features"].get(day, 0),
            is_written=day in rows["features"],
        )
        for day in sorted(landed)
    )


def _books(platform: Platform) -> dict[str, int]:
    """Rows by outcome, of landing and cleaning; ``held_back`` are those of dates that cleaning did not publish."""
    books = Counter[str]()
    for book in platform.landing.books():
        books[book.reason] += book.rows
    relation = platform.stores["lake"].dataset(contract("event_books")).relation()
    with session(platform.settings) as connection:
        sql = f"SELECT reason, sum(rows)::BIGINT FROM ({relation}) GROUP BY reason ORDER BY reason"
        cleaning = Counter[str](dict(connection.execute(sql).fetchall()))
    held_back = books.pop("clean", 0) - cleaning.pop("received", 0)
    return dict(books + cleaning + Counter({"held_back": held_back}))


def _unique_keys(platform: Platform) -> int:
    relation = platform.stores["lake"].dataset(contract("features")).relation()
    with session(platform.settings) as connection:
        (count,) = connection.execute(f"SELECT count(DISTINCT key_value) FROM ({relation})").fetchone() or (0,)
    return int(count)


def _checks(step: str, made: Sequence[Made]) -> list[Check]:
    found: dict[str, list[Verdict]] = {}
    for item in made:
        for verdict in item.verdicts:
            found.setdefault(verdict.check, []).append(verdict)
    return [
        Check(
            step=step,
            name=name,
            blocking=verdicts[0].blocking,
            dates=len({verdict.partition for verdict in verdicts}),
            failed=_details(verdict for verdict in verdicts if not verdict.passed),
        )
        for name, verdicts in found.items()
    ]


def _details(failed: Iterable[Verdict]) -> dict[str, str]:
    """What was found by date: a check of several outputs may have found something in each."""
    found: dict[str, str] = {}
    for verdict in failed:
        day = verdict.partition.get("date") or ""
        found[day] = f"{found[day]}; {verdict.detail}" if day in found else verdict.detail
    return found
