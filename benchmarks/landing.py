"""``python -m benchmarks landing``: gate and reader beside DuckDB's own readers, and a ledger of 100,000 files.

Everything runs in this process, in turns, so that a drift of the machine meets all alike. CPU seconds are those of
all threads.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.session import session
from retail_assets.landing import ledger
from retail_assets.landing.arrival import Arrival
from retail_assets.landing.gate import inspect_file
from retail_assets.landing.inbox import arrivals
from retail_assets.landing.landing import Landing
from retail_assets.settings import Settings
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop

FORMS = ("csv", "csv.gz", "parquet")
COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code",
    "brand", "price", "user_id", "user_session",
)  # fmt: skip
TYPES = {"event_time": "TIMESTAMP", "price": "DECIMAL(18,4)"}


@dataclass
class Times:
    """Wall and CPU seconds of the rounds of one measurement, and the megabytes that each went through."""

    megabytes: float = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self, work: Callable[[], object]) -> None:
        """Run the work once more."""
        started, cpu_before = time.perf_counter(), time.process_time()
        work()
        self.wall.append(time.perf_counter() - started)
        self.cpu.append(time.process_time() - cpu_before)

    def row(self, name: str) -> str:
        """The median as a line of a table."""
        wall, cpu = statistics.median(self.wall), statistics.median(self.cpu)
        speed = f"{self.megabytes / wall:,.0f}" if self.megabytes else "–"
        return f"| {name} | {wall:.3g} | {cpu:.3g} | {speed} |"


def main(arguments: list[str]) -> None:
    """Generate the files, measure everything in turns, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks landing", description=__doc__)
    parser.add_argument("--events", type=int, default=3_000_000, help="events in each file (default 3 million)")
    parser.add_argument("--entries", type=int, default=100_000, help="files in the ledger (default 100,000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to put the data (default: the system's temporary folder)")
    options = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="retail-bench-") as folder:
        found = _readers(Path(folder), options.events, options.rounds)
        print(_table(found))
        print(_table(_ledger(Path(folder) / "ledger", options.entries, options.rounds)))


def _table(found: dict[str, Times]) -> str:
    lines = [
        "| what | seconds | CPU s | MB/s |",
        "|---|---|---|---|",
        *(item.row(name) for name, item in found.items()),
    ]
    return "\n".join(lines) + "\n"


def _readers(folder: Path, events: int, rounds: int) -> dict[str, Times]:
    """Each form of the same events, and a CSV file with one line too short, which only the careful reader may read."""
    files = {form: _generated(folder / form, events, form) for form in FORMS}
    damaged = folder / "damaged" / "damaged.csv"
    damaged.parent.mkdir()
    shutil.copy(files["csv"], damaged)
    with damaged.open("a") as stream:
        stream.write("2019-10-31 23:59:59 UTC,view\n")
    files["csv, a line damaged"] = damaged
    found: dict[str, Times] = {}
    for _ in range(rounds):
        for form, path in files.items():
            for name, work in _works(folder / "work", form, path).items():
                times = found.setdefault(f"{form}: {name}", Times(path.stat().st_size / 1e6))
                (folder / "work").mkdir()
                times.measure(work)
                shutil.rmtree(folder / "work")
    return found


def _generated(folder: Path, events: int, form: str) -> Path:
    plan = ShopPlan(events, date(2019, 10, 1), date(2019, 10, 31), file_format=form, per_file="month")  # type: ignore[arg-type]
    generate_shop(plan, folder)
    return next(path for path in folder.iterdir() if path.name.endswith(form))


def _works(work: Path, form: str, path: Path) -> dict[str, Callable[[], object]]:
    """What is measured on a file; each finds the folder ``work`` empty."""
    settings = Settings(data_dir=work / "data", inbox_dir=path.parent)
    (arrival,) = arrivals(path.parent)
    works: dict[str, Callable[[], object]] = {
        "gate": lambda: inspect_file(arrival, work, "utf-8"),
        "gate and reader": lambda: _take_in(settings),
    }
    if "damaged" in form:
        return works
    kinds = {"into Parquet": TYPES} if form == "parquet" else {"as text into Parquet": {}, "typed into Parquet": TYPES}
    for kind, types in kinds.items():
        relation = _relation(path, form, types)
        works[f"DuckDB alone, {kind}"] = partial(_copy, settings, relation, work / "all.parquet")
    return works


def _take_in(settings: Settings) -> None:
    (entry,) = Landing(settings).take_in()
    if entry.state != "landed":
        raise RuntimeError(entry.detail)


def _relation(path: Path, form: str, types: dict[str, str]) -> str:
    if form == "parquet":
        return f"read_parquet({quote_literal(str(path))})"
    kinds = ", ".join(f"{name}: '{types.get(name, 'VARCHAR')}'" for name in COLUMNS)
    pattern = ", timestampformat = '%Y-%m-%d %H:%M:%S UTC'" if types else ""
    return (
        f"read_csv({quote_literal(str(path))}, header = true, auto_detect = false, delim = ',', quote = '\"', "
        f"columns = {{{kinds}}}, ignore_errors = true{pattern})"
    )


def _copy(settings: Settings, relation: str, target: Path) -> None:
    with session(settings) as connection:
        connection.execute(f"COPY (FROM {relation}) TO {quote_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def _ledger(folder: Path, entries: int, rounds: int) -> dict[str, Times]:
    """An inbox and a ledger of so many files, all of them dealt with."""
    landing = Landing(Settings(data_dir=folder))
    inbox = landing.settings.landing_dir
    inbox.mkdir(parents=True)
    model = _first_entry(landing)
    for number in range(entries):
        (inbox / f"events_{number:06d}.csv").touch()
    landing.ledger.append(_entries(model, arrivals(inbox)))
    found = {name: Times() for name in ("read first", "read again", "pending, nothing new", "append one")}
    found = {f"ledger of {entries:,} files: {name}": times for name, times in found.items()}
    first, again, pending, append = found.values()
    for number in range(rounds):
        ledger._read.clear()  # what a new process knows
        first.measure(landing.files)
        again.measure(landing.files)
        pending.measure(landing.pending)
        if landing.pending():
            raise RuntimeError("the ledger does not know the files of its inbox")
        append.measure(partial(landing.ledger.append, [model._replace(name=f"other {number}.csv")]))
    return found


def _first_entry(landing: Landing) -> ledger.LandedFile:
    """The entry of a file that really landed, as the model of all others."""
    path = landing.settings.landing_dir / "first.csv"
    path.write_text(",".join(COLUMNS) + "\n2019-10-01 00:00:00 UTC,view,1,1,a.b,c,1.5,1,s\n")
    (entry,) = landing.take_in()
    path.unlink()
    return entry


def _entries(model: ledger.LandedFile, found: Iterable[Arrival]) -> list[ledger.LandedFile]:
    return [
        model._replace(
            name=arrival.name,
            bytes=arrival.bytes,
            mtime_ns=arrival.mtime_ns,
            sha256=f"{number:064x}",
            file_id=f"{number:024x}-{model.reader}-{number:08x}",
        )
        for number, arrival in enumerate(found, start=1)
    ]
