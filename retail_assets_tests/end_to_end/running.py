"""Ways to run the platform's assets through Dagster in this process, and to see what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, step_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.stages import QUIET
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets_tests.building import event, land, step_contract
from retail_assets_tests.oracles.comparison import table

SERIES = ("product_days", "daily_aggregates", "features")
EVENTS = ("raw_events", "clean_events", "rejected_events", "event_books")
START = date(2016, 1, 1)
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
        """One run of these datasets for all partitions from one date to another; without tags where they have none."""
        return self.run(datasets, tags=partitions.range_tags(step_of(datasets[0]).partitioning, first, last))

    def run(
        self, datasets: Sequence[str], key: str | None = None, tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """One run of these datasets: of one partition, of the range in the tags, or of what has no partitions."""
        steps = [step_of(name) for name in datasets]
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[asset_key(step, output) for step in steps for output in step.outputs],
            partition_key=key,
            tags=dict(tags or {}),
            run_config=QUIET,
            raise_on_error=False,
        )

    def published(self, dataset: str) -> set[str]:
        """The partitions of a dataset that readers see."""
        found = self.platform.store(step_of(dataset)).published(contract(dataset.rpartition(".")[2]))
        return {partition.key for partition in found}

    def materialized(self, dataset: str) -> set[str]:
        """The partitions of a dataset that Dagster shows as materialized."""
        return self.instance.get_materialized_partitions(dg.AssetKey(dataset.split(".")))


def settings_in(folder: Path) -> Settings:
    """Settings of a platform below the folder. Its time of landing is fixed, so that two platforms see the same."""
    as_of = datetime(2026, 1, 1, tzinfo=UTC)
    limits = {"threads": 2, "memory_limit_mb": 512}
    return Settings(data_dir=folder / "data", start_date=START, as_of=as_of, sensors=False, **limits)


@contextmanager
def runner(folder: Path) -> Iterator[Runner]:
    """A runner on a platform below the folder, with an instance that ends with it."""
    settings = settings_in(folder)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with dg.DagsterInstance.ephemeral(tempdir=str(settings.data_dir)) as instance:
        yield Runner(Platform.local(settings), instance)


def one_by_one(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """Every partition of every dataset in a run of its own, dataset after dataset."""
    return [
        run.run([name_of(step)], partition.key if partition.values else None)
        for step in STEPS
        for partition in partitions.of_dates(step.partitioning, dates)
    ]


def asset_by_asset(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """One range run for each dataset."""
    return [run.run_range([name_of(step)], dates[0], dates[-1]) for step in STEPS]


def together(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """All datasets of the same partitioning in one range run."""
    groups = (
        ["raw_events", "clean_events", "product_days"],
        ["daily_aggregates", "features", "warehouse.features"],
        ["warehouse.dim_date", "warehouse.dim_product", "warehouse.data_quality"],
    )
    return [run.run_range(names, dates[0], dates[-1]) for names in groups]


def by_backfill(run: Runner, dates: Sequence[str]) -> list[dg.ExecuteInProcessResult]:
    """The platform's own backfill, which tells of its runs in a report only."""
    run.backfill.run(date.fromisoformat(dates[0]), date.fromisoformat(dates[-1]))
    return []


WAYS = (one_by_one, asset_by_asset, together, by_backfill)
"""Every way of running that Dagster offers in process."""


def name_of(step: Step) -> str:
    """A step's name for ``step_of``, which tells the table ``features`` from the dataset."""
    return f"{step.store}.{step.outputs[0]}"


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
    tables = {f"warehouse.{name}": sorted(map(str, table(platform, name))) for name in TABLES}
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


def materializations(run: Runner, dataset: str) -> list[dg.AssetMaterialization]:
    """Every materialization of a dataset that the instance knows."""
    records = run.instance.fetch_materializations(dg.AssetKey(dataset.split(".")), limit=1000).records
    return [record.asset_materialization for record in records if record.asset_materialization]


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
