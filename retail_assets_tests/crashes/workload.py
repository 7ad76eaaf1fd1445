"""What is killed: landing, every step and a mart over a small but real set of files, in two generations.

Between the first generation and the second a file changes its content, two files arrive and some days stay as they are.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, marts_of, step_of
from retail_assets.assets.materialization import materialize, runnable, stale
from retail_assets.assets.platform import Platform
from retail_assets.landing.inbox import deliver
from retail_assets.settings import Settings
from retail_assets_tests.building import COLUMNS, csv_text, event

Event = dict[str, str | None]
KINDS = ("view", "view", "cart", "purchase")
MARTS = Path(__file__).parent / "marts"
BRANDS = ("samsung", "apple", "xiaomi", None)


def platform_in(folder: Path) -> Platform:
    """A platform for one process on one core, with a clock that stands still."""
    as_of = datetime(2019, 12, 1, tzinfo=UTC)
    limits = {"threads": 1, "memory_limit_mb": 256}
    return Platform.local(Settings(data_dir=folder, marts_dir=MARTS, as_of=as_of, lookback_days=30, **limits))


def write_generations(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of the first generation, and those that the second brings."""
    for name in ("first", "second"):
        (folder / name).mkdir(parents=True)
    first, second = folder / "first", folder / "second"
    (first / "1.csv").write_text(csv_text(_events(1, 4, salt=1)))
    (first / "2.csv.gz").write_bytes(gzip.compress(csv_text(_events(3, 7, salt=2)).encode(), mtime=0))
    _write_parquet(first / "3.parquet", list(_events(7, 10, salt=3)))
    (first / "again.csv").write_text(csv_text(_events(1, 4, salt=1)))
    (second / "2.csv.gz").write_bytes(gzip.compress(csv_text(_events(4, 8, salt=4)).encode(), mtime=0))
    (second / "4.csv").write_text(csv_text([*_events(1, 1, salt=5), *_events(11, 11, salt=6)]))
    _write_parquet(second / "5.parquet", list(_events(9, 9, salt=7)))
    return sorted(first.iterdir()), sorted(second.iterdir())


def land(platform: Platform, files: list[Path]) -> None:
    """Deliver the files into the inbox."""
    for path in files:
        deliver(path, platform.settings.landing_dir)


def run(platform: Platform, on_step: Callable[[str], None] = lambda name: None) -> None:
    """Take in what landed and make what is missing or stale, as a backfill does, without Dagster around it."""
    on_step("taking in")
    platform.landing.take_in()
    days = platform.landing.dates()
    for step in (*STEPS, *marts_of(platform.settings).steps):
        on_step(step.name)
        todo = stale(platform, step, runnable(platform, step, partitions.of_dates(step.partitioning, days)))
        made = list(materialize(platform, step, platform.inputs(step), todo)) if todo else []
        bad = [verdict for item in made if not item.published for verdict in item.verdicts if not verdict.passed]
        assert not bad, bad


def sweep(platform: Platform) -> None:
    """What a killed run leaves in staging goes when the next one writes: have one write, where the rerun need not."""
    for step in (step_of("product_days"), step_of("data_quality")):
        with platform.store(step).staging():
            pass


def _events(first: int, last: int, salt: int) -> Iterator[Event]:
    """Some good events a day, one to be rejected at cleaning, and one at landing for all."""
    for day in range(first, last + 1):
        for number in range(20):
            yield event(
                event_time=f"2019-10-{day:02d} {number:02d}:{salt:02d}:00 UTC",
                event_type=KINDS[(number + salt) % len(KINDS)],
                product_id=f"{(number * salt) % 7:05d}",
                brand=BRANDS[(number + day) % len(BRANDS)],
                price=f"{salt}.{number:02d}" if number else "0",
            )
    yield event(event_time=f"on day {salt}")


def _write_parquet(path: Path, events: list[Event]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: [item[name] for item in events] for name in COLUMNS}), path)
