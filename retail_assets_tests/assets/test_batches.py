"""How partitions are cut into batches, and the machine shared out between those that run at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from retail_assets.assets import batches, clickstream
from retail_assets.assets.batches import Plan, plan
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.engine.dataset import Dataset, StoredObject
from retail_assets.engine.partition import Partition
from retail_assets.engine.session import MEBIBYTE, Capacity
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land

DAYS = [(date(2019, 10, 1) + timedelta(days=number)).isoformat() for number in range(31)]


def planned(settings: Settings, step: Step, threads: int, memory_mb: int, day_bytes: int) -> Plan:
    """The plan for 31 days whose inputs have so many bytes each."""
    platform, keys = Platform.local(settings), [{"key_type": "brand"}] if step is clickstream.features else [{}]
    inputs = {
        name: Dataset(dataset.contract, tuple(stored(day, key, day_bytes) for day in DAYS for key in keys))
        for name, dataset in platform.inputs(step).items()
    }
    outputs = step.described(platform.arguments(step, inputs))
    return plan(
        Capacity(threads, memory_mb), step, outputs, [Partition.of(date=d, **key) for d in DAYS for key in keys]
    )


def stored(day: str, key: dict[str, str], size: int) -> StoredObject:
    return StoredObject(Partition.of(date=day, **key), f"{day}.parquet", 1, size, day)


def test_every_partition_is_in_one_batch_in_order_of_date(settings: Settings) -> None:
    found = planned(settings, clickstream.clean_events, 4, 8192, 20 * MEBIBYTE)
    assert [partition.get("date") for batch in found.batches for partition in batch] == DAYS


@pytest.mark.parametrize(
    ("threads", "memory_mb", "workers", "share"),
    [
        (1, 1200, 1, Capacity(1, 1200)),
        (2, 4096, 2, Capacity(1, 2048)),
        (2, 700, 1, Capacity(2, 700)),
        (4, 1100, 2, Capacity(2, 550)),
        (64, 131_072, 31, Capacity(2, 4228)),
    ],
)
def test_sessions_are_as_many_as_cores_memory_and_days_allow(
    settings: Settings, threads: int, memory_mb: int, workers: int, share: Capacity
) -> None:
    found = planned(settings, clickstream.clean_events, threads, memory_mb, 40 * MEBIBYTE)
    assert (found.workers, found.capacity) == (workers, share)


def test_small_days_share_one_session_and_all_threads(settings: Settings) -> None:
    found = planned(settings, clickstream.clean_events, 4, 8192, 10_000)
    assert (len(found.batches), found.workers, found.capacity) == (1, 1, Capacity(4, 8192))


def test_what_looks_back_goes_in_as_few_batches_as_memory_allows(settings: Settings) -> None:
    found = planned(settings, clickstream.features, 4, 40 * 32, MEBIBYTE)
    assert (len(found.batches), found.workers) == (1, 1)


def test_the_same_is_made_in_parallel_as_in_one_go(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for name, memory_mb, least in (("one", 512, batches.LEAST_BYTES), ("several", 4096, 0)):
        monkeypatch.setattr(batches, "LEAST_BYTES", least)
        own = {"data_dir": settings.data_dir / name, "threads": 3, "memory_limit_mb": memory_mb}
        platform = Platform.local(settings.model_copy(update=own))
        for day in DAYS[:9]:
            good = [event(event_time=f"{day} 0{hour}:00:00 UTC", product_id=f"{day[-1]}{hour}") for hour in range(9)]
            land(platform, f"{day}.csv", [*good, good[0], event(event_time=f"{day} 10:00:00 UTC", price="-1")])
        build(platform)
        lake = platform.stores["lake"]
        made[name] = {
            contract.name: {partition: entry.digest for partition, entry in lake.published(contract).items()}
            for step in (clickstream.clean_events, clickstream.daily_aggregates, clickstream.product_days)
            for contract in step.contracts()
        }
    assert made["one"] == made["several"]
    assert len(made["one"]["clean_events"]) == 9
