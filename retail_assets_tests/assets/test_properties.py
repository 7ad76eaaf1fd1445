"""What holds for any events: the SQL agrees with the oracle, and no way of building changes a byte."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, step_of
from retail_assets.assets.materialization import materialize, stale
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets_tests.building import build, step_contract
from retail_assets_tests.oracles.clickstream import Oracle, ReceivedFile
from retail_assets_tests.oracles.comparison import assert_agrees, deliver, published_bytes, rules_of
from retail_assets_tests.oracles.events import AS_OF, Delivery, deliveries, received_rows
from retail_assets_tests.oracles.verdicts import COLUMNS

BY_DATE = ("raw_events", "clean_events", "rejected_events", "event_books", "product_days", "daily_aggregates")
COMPUTED = ("clean_events", "daily_aggregates", "product_days", "features")
"""What depends on the events alone, not on the files that brought them."""
SERIES = ("daily_aggregates", "features")
WAREHOUSE = ("warehouse.features", "warehouse.dim_product", "warehouse.data_quality")


@contextmanager
def new_platform(**changes: Any) -> Iterator[Platform]:
    """A platform in a new folder. A day may hold rejected rows only: how many are too many is not asked here."""
    fixed = {"as_of": AS_OF.replace(tzinfo=UTC), "max_rejected_share": 1, "threads": 2, "memory_limit_mb": 512}
    with TemporaryDirectory() as folder:
        yield Platform.local(Settings(data_dir=Path(folder) / "data", **{**fixed, **changes}))


def oracle_of(platform: Platform, files: tuple[ReceivedFile, ...], empty_dates: frozenset[date]) -> Oracle:
    """What the oracle makes of the files by the platform's settings."""
    return Oracle(files, rules_of(platform, AS_OF), empty_dates)


def build_all(platform: Platform, delivery: Delivery, *names: str) -> Oracle:
    """Deliver and build what depends on events, or the named datasets, empty days too; returns the files' oracle."""
    oracle = oracle_of(platform, delivery.files, delivery.empty_dates)
    deliver(platform, delivery.files)
    build(platform, *(names or ("raw_events", *COMPUTED, *WAREHOUSE)), dates=texts(oracle.dates))
    return oracle


def build_stale(platform: Platform, dates: set[date]) -> set[tuple[str, date]]:
    """Make only what is stale, step by step; returns the dates that were made, by dataset."""
    platform.landing.take_in()
    made: set[tuple[str, date]] = set()
    for step in STEPS:
        outdated = stale(platform, step, partitions.of_dates(step.partitioning, texts(dates)))
        list(materialize(platform, step, platform.inputs(step), outdated))
        made |= {(step.outputs[0], partition.date) for partition in outdated if partition.date}
    return made


def texts(dates: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(dates)]


def digests(platform: Platform, *datasets: str) -> dict[tuple[str, Partition], str]:
    """The order-independent digest of every partition, as the manifest tells it."""
    found = {name: platform.stores["lake"].published(step_contract(name)) for name in datasets}
    return {(name, partition): entry.digest for name, held in found.items() for partition, entry in held.items()}


def objects_by_date(platform: Platform) -> dict[tuple[str, date], dict[str, str]]:
    """The digests of all published objects of a dataset and date. The landing's quarantine is by file, not by date."""
    found: defaultdict[tuple[str, date], dict[str, str]] = defaultdict(dict)
    for path, digest in published_bytes(platform).items():
        if day := re.search(r"date=(\d{4}-\d\d-\d\d)", path):
            found[path.split("/")[0], date.fromisoformat(day[1])][path] = digest
    return found


@example_settings(max_examples=5)
@given(delivery=deliveries(), grid=st.sampled_from(["active", "observed"]))
def test_every_dataset_is_what_the_oracle_says(delivery: Delivery, grid: str) -> None:
    with new_platform(feature_grid=grid) as platform:
        oracle = build_all(platform, delivery)

        assert_agrees(platform, oracle)


@example_settings(max_examples=2)
@given(delivery=deliveries(), data=st.data())
def test_neither_files_nor_the_order_of_rows_matter(delivery: Delivery, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(delivery.rows))
    parts = data.draw(st.lists(st.sampled_from(range(5)), min_size=len(shuffled), max_size=len(shuffled)))
    steps = ("raw_events", *COMPUTED)
    with new_platform() as one, new_platform() as other:
        build_all(one, replace(delivery, parts=(0,) * len(delivery.rows)), *steps)
        build_all(other, replace(delivery, rows=tuple(shuffled), parts=tuple(parts)), *steps)

        assert digests(one, *COMPUTED) == digests(other, *COMPUTED)
        assert published_bytes(one, *COMPUTED[1:]) == published_bytes(other, *COMPUTED[1:])


@example_settings(max_examples=2)
@given(delivery=deliveries(most_dates=4), data=st.data())
def test_one_by_one_as_one_range_and_as_any_ranges_the_bytes_are_the_same(
    delivery: Delivery, data: st.DataObject
) -> None:
    def make(platform: Platform, groups: Sequence[Sequence[Partition]]) -> None:
        for name in SERIES:
            step = step_of(name)
            for group in groups:
                made = materialize(platform, step, platform.inputs(step), list(group))
                assert all(item.published for item in made)

    with new_platform() as one, new_platform() as two, new_platform() as three:
        oracle = build_all(one, delivery, "raw_events", "clean_events", *SERIES)
        for platform in (two, three):
            build_all(platform, delivery, "raw_events", "clean_events")
        order = data.draw(st.permutations(partitions.of_dates("date_and_key", texts(oracle.dates))))
        cuts = sorted(data.draw(st.lists(st.sampled_from(range(1, len(order))), min_size=1, max_size=2, unique=True)))

        make(two, [[partition] for partition in order])
        make(three, [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)])

        assert published_bytes(two, *SERIES) == published_bytes(one, *SERIES)
        assert published_bytes(three, *SERIES) == published_bytes(one, *SERIES)


@example_settings(max_examples=2)
@given(delivery=deliveries())
def test_a_second_run_changes_no_byte(delivery: Delivery) -> None:
    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in platform.settings.data_dir.rglob("*") if path.is_file()}

    with new_platform() as platform:
        oracle = build_all(platform, delivery)
        before = everything()

        build(platform, "raw_events", *COMPUTED, *WAREHOUSE, dates=texts(oracle.dates))

        assert everything() == before


@example_settings(max_examples=2)
@given(delivery=deliveries(), data=st.data())
def test_late_events_reach_their_date_and_the_features_of_four_weeks(delivery: Delivery, data: st.DataObject) -> None:
    with new_platform(lookback_days=10_000) as platform:
        oracle = build_all(platform, delivery)
        before = objects_by_date(platform)
        day = data.draw(st.sampled_from(sorted(oracle.dates)))
        late = data.draw(st.lists(received_rows([day]), min_size=1, max_size=5))
        oracle = replace(oracle, files=(*delivery.files, ReceivedFile("late.csv", tuple(late))))

        deliver(platform, oracle.files[-1:])
        remade = build_stale(platform, oracle.dates)

        assert_agrees(platform, oracle)
        after = objects_by_date(platform)
        reached = {(name, day) for name in BY_DATE} | {("features", day + timedelta(days=n)) for n in range(28)}
        assert {slot for slot in {*before, *after} if before[slot] != after[slot]} <= reached
        assert remade <= reached


@example_settings(max_examples=2)
@given(delivery=deliveries(), data=st.data())
def test_no_feature_knows_what_comes_after_its_date(delivery: Delivery, data: st.DataObject) -> None:
    steps = ("raw_events", "clean_events", *SERIES)
    with new_platform() as told, new_platform() as untold:
        oracle = build_all(told, delivery, *steps)
        last = data.draw(st.sampled_from(sorted(oracle.dates)))
        other_future = data.draw(st.lists(received_rows([last + timedelta(days=n) for n in (1, 2, 9)]), max_size=20))
        landed = [item for item in oracle.outcomes if item.stage == "landing"]
        past = [dict(zip(COLUMNS, item.received, strict=True)) for item in landed if item.date and item.date <= last]
        rows = (*past, *other_future)

        build_all(untold, Delivery(rows, frozenset(d for d in oracle.dates if d <= last), (0,) * len(rows)), *steps)

        known, found = objects_by_date(told), objects_by_date(untold)
        assert any(known["features", day] for day in oracle.dates if day <= last)
        assert all(known["features", day] == found["features", day] for day in oracle.dates if day <= last)
