"""Ways to run the platform's assets through Dagster in this process, and to see what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, step_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.backfill import QUIET, Backfill
from retail_assets.definitions import platform_definitions
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets_tests.building import event, land, step_contract
from retail_assets_tests.oracles.comparison import table

SERIES = ("product_days", "daily_aggregates", "features")
EVENTS = ("raw_events", "clean_events", "rejected_events", "event_books")
TABLES = ("features", "dim_date", "dim_product", "data_quality")


@dataclass(frozen=True)
class Runner:
    """A platform with its definitions and a Dagster instance of its own."""

    platform: Platform
    instance: dg.DagsterInstance

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The definitions that `dagster dev` would load."""
        return platform_definitions(self.platform.settings)

    @property
    def backfill(self) -> Backfill:
        """The platform's own backfill."""
        return Backfill(self.platform, self.definitions, self.instance)

    def run_range(self, datasets: Sequence[str], first: str, last: str) -> dg.ExecuteInProcessResult:
        """One run of these datasets for all partitions from one date to another."""
        return self._run(datasets, partitions.range_tags(step_of(datasets[0]).partitioning, first, last))

    def run_partition(self, dataset: str, key: str) -> dg.ExecuteInProcessResult:
        """One run of one partition of one dataset."""
        return self._run([dataset], {}, key)

    def run_all(self, dataset: str) -> dg.ExecuteInProcessResult:
        """One run of a dataset without partitions."""
        return self._run([dataset], {})

    def _run(self, datasets: Sequence[str], tags: Mapping[str, str], key: str | None = None) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        steps = [step_of(name) for name in datasets]
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[asset_key(step, output) for step in steps for output in step.outputs],
            partition_key=key,
            tags=dict(tags),
            run_config=QUIET,
            raise_on_error=False,
        )

    def published(self, dataset: str) -> set[str]:
        """The partitions of a dataset that readers see."""
        found = self.platform.store(step_of(dataset)).published(step_contract(dataset))
        return {partition.key for partition in found}

    def materialized(self, dataset: str) -> set[str]:
        """The partitions of a dataset that Dagster shows as materialized."""
        return self.instance.get_materialized_partitions(dg.AssetKey(dataset.split(".")))


@contextmanager
def runner(settings: Settings) -> Iterator[Runner]:
    """A runner on the platform of these settings, with an instance that ends with it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with dg.DagsterInstance.ephemeral(tempdir=str(settings.data_dir)) as instance:
        yield Runner(Platform.local(settings), instance)


def one_by_one(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """Every partition of every dataset in a run of its own, dataset after dataset."""
    return [result for step in STEPS for result in _runs_of(run, step, dates)]


def _runs_of(run: Runner, step: Step, dates: Sequence[str]) -> Iterator[dg.ExecuteInProcessResult]:
    name = f"{step.store}.{step.outputs[0]}"
    for partition in partitions.of_dates(step.partitioning, dates):
        yield run.run_partition(name, partition.key) if partition.values else run.run_all(name)


def asset_by_asset(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """One range run for each dataset."""
    names = [f"{step.store}.{step.outputs[0]}" for step in STEPS if step.partitioning != "none"]
    return [run.run_range([name], dates[0], dates[-1]) for name in names]


def together(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """All datasets of the same partitioning in one range run."""
    daily = ["raw_events", "clean_events", "product_days"]
    by_key = ["daily_aggregates", "features", "warehouse.features"]
    return [run.run_range(names, dates[0], dates[-1]) for names in (daily, by_key)]


def days(first: str, count: int) -> list[str]:
    """Consecutive dates."""
    start = date.fromisoformat(first)
    return [(start + timedelta(days=n)).isoformat() for n in range(count)]


def shop_day(day: str, *, bad: int = 0, extra: int = 0) -> list[dict[str, str | None]]:
    """Twenty-four good events of a day, one of them twice, and ``bad`` more without a price; ``extra`` more views."""
    products = [("10", "samsung", "electronics.phone"), ("11", "apple", None), ("12", None, "apparel.shoes")]
    good = []
    for n in range(24 + extra):
        product, brand, category = products[n % 3]
        kind = ("view", "view", "cart", "purchase")[n // 3 % 4] if n < 24 else "view"
        made = event(event_time=f"{day} {n % 24:02d}:{n // 24:02d}:00 UTC", event_type=kind, product_id=product)
        good.append({**made, "brand": brand, "category_code": category, "price": f"{10 + n}.99"})
    spoilt = [event(event_time=f"{day} 12:30:{n:02d} UTC", price="0") for n in range(bad)]
    return [*good, good[0], *spoilt]


def land_days(platform: Platform, dates: Sequence[str], *, bad: Sequence[str] = ()) -> None:
    """A file a day; of the bad days half of the rows are rejected, too many to publish."""
    for day in dates:
        land(platform, f"{day}.csv", shop_day(day, bad=24 if day in bad else 1))


def state(platform: Platform) -> dict[str, Any]:
    """What must be the same however it was made: bytes, digests of the events, manifests, and rows of the tables."""
    lake = platform.stores["lake"]
    digests = {
        (name, partition.key): entry.digest
        for name in EVENTS
        for partition, entry in lake.published(step_contract(name)).items()
    }
    tables = {name: table(platform, name) for name in TABLES} if platform.settings.warehouse_file.exists() else {}
    return {"digests": digests, **lake_bytes(platform, *SERIES), **manifests(platform), **tables}


def lake_bytes(platform: Platform, *datasets: str) -> dict[str, str]:
    """The SHA-256 of every object of these datasets."""
    lake = platform.settings.lake_dir
    paths = (path for name in datasets for path in sorted((lake / name).rglob("*.parquet")))
    return {path.relative_to(lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def manifests(platform: Platform) -> dict[str, str]:
    """The manifests' texts."""
    lake = platform.settings.lake_dir
    return {path.relative_to(lake).as_posix(): path.read_text() for path in sorted(lake.glob("*/_manifest.json"))}


def everything(platform: Platform) -> dict[str, tuple[int, str]]:
    """Time of change and SHA-256 of every file of lake and warehouse, but for locks and staging folders."""
    found = [*platform.settings.lake_dir.rglob("*"), platform.settings.warehouse_file]
    files = [path for path in found if path.is_file() and not path.name.endswith(".lock")]
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(files)
    }


def keys_of(dates: Sequence[str]) -> set[str]:
    """The partitions of these dates by key type."""
    return {partition.key for partition in partitions.of_dates("date_and_key", dates)}


def failures(results: Sequence[dg.ExecuteInProcessResult]) -> str:
    """What the failed steps of these runs said."""
    said = []
    for result in results:
        for item in result.filter_events(lambda found: found.is_step_failure):
            data = item.step_failure_data
            said.append((data.user_failure_data and data.user_failure_data.description) or str(data.error))
    return "\n".join(said)


def rows_of(platform: Platform, dataset: str, day: str) -> int:
    """The rows of a date that a reader of the dataset finds."""
    held = platform.stores["lake"].dataset(step_contract(dataset))
    objects = held.needed_by([Partition.of(date=day)])
    return len(objects.to_arrow())
