"""A dataset whose contract comes to partition it in another way: nothing of the earlier way is read, or left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.contracts import Column, Contract, contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Store
from retail_assets.lake.folder_lake import FolderLake
from retail_assets.lake.lost import lost
from retail_assets.lake.s3_lake import S3Lake
from retail_assets.lake.tree import FolderTree
from retail_assets_tests.building import build, event, land
from retail_assets_tests.warehouse.staged import output_of, publication

FIRST, SECOND, WHOLE = Partition.of(date="2019-10-01"), Partition.of(date="2019-10-02"), Partition()
DAY = Column("date", "DATE", "The day.", required=True, partition_position=1)
NAME = Column("name", "VARCHAR", "A name.")
STAGE = Column("stage", "VARCHAR", "The stage.", required=True, partition_position=0)
CLEANING = (("stage", "cleaning"),)


def visits(*columns: Column) -> Contract:
    """The contract of a dataset of these columns."""
    return replace(contract("dim_product"), name="visits", columns=columns, row_rules=(), table_rules=(), sort_key=())


DATED, UNDATED = visits(DAY, NAME), visits(replace(DAY, partition_position=None), NAME)
STAGED = visits(STAGE, DAY, NAME)


class Died(BaseException):
    """The process ends here."""


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest) -> Store:
    """A lake that holds nothing."""
    settings = request.getfixturevalue("settings" if request.param == "folder" else "on_s3")
    return Platform.of(settings).stores["lake"]


@pytest.fixture
def publish(lake: Store, tmp_path: Path) -> Callable[..., int]:
    """Publish partitions, each with a row of the name that it is given."""

    def run(item: Contract, names: dict[Partition, str], fixed: tuple[tuple[str, str], ...] = ()) -> int:
        date = "" if item.column("date") in item.partition_columns else "DATE '2019-10-05' AS date, "
        made = [
            publication(item, at, f"SELECT {date}'{name}' AS name", tmp_path, name, fixed) for at, name in names.items()
        ]
        with lake.writing(item):
            return lake.publish(replace(output_of(item), fixed=fixed), made)

    return run


def rows(lake: Store, item: Contract) -> list[tuple[str, str]]:
    """All rows, as readers find them."""
    table: list[dict[str, Any]] = lake.dataset(item).needed_by([WHOLE]).to_arrow().to_pylist()
    return sorted((row["date"].isoformat(), row["name"]) for row in table)


def files(lake: Store) -> set[str]:
    """Every object below the dataset."""
    if isinstance(lake, S3Lake):
        folder = lake.root / "visits"
        found = {place.key.removeprefix(folder.below) for place, *_ in lake.s3.listed(folder)}
    else:
        assert isinstance(lake, FolderLake)
        folder_here = lake.root / "visits"
        found = {path.relative_to(folder_here).as_posix() for path in folder_here.rglob("*")}
    return found - {"_manifest.json"}


def test_a_dataset_that_is_no_longer_dated_is_made_anew(lake: Store, publish: Callable[..., int]) -> None:
    publish(DATED, {FIRST: "Ada", SECOND: "Eve"})
    assert lake.published(UNDATED) == {}
    assert lost(lake, UNDATED) == []
    assert rows(lake, UNDATED) == []

    publish(UNDATED, {WHOLE: "Joy"})

    assert rows(lake, UNDATED) == [("2019-10-05", "Joy")]
    assert set(lake.published(UNDATED)) == {WHOLE}
    assert files(lake) == {"data.parquet"}


def test_a_dataset_that_becomes_dated_is_made_anew(lake: Store, publish: Callable[..., int]) -> None:
    publish(UNDATED, {WHOLE: "Joy"})
    assert lake.published(DATED) == {}

    publish(DATED, {SECOND: "Eve"})

    assert rows(lake, DATED) == [("2019-10-02", "Eve")]
    assert {name for name in files(lake) if name.endswith(".parquet")} == {"date=2019-10-02/data.parquet"}


def test_what_all_partitions_share_is_no_other_partitioning(lake: Store, publish: Callable[..., int]) -> None:
    publish(STAGED, {FIRST: "Ada"}, fixed=CLEANING)
    publish(STAGED, {SECOND: "Eve"}, fixed=CLEANING)

    assert set(lake.published(STAGED)) == {FIRST, SECOND}
    assert rows(lake, STAGED) == [("2019-10-01", "Ada"), ("2019-10-02", "Eve")]


def test_a_folder_more_is_another_partitioning(lake: Store, publish: Callable[..., int]) -> None:
    """The partitions are called the same before and after."""
    publish(DATED, {FIRST: "Ada", SECOND: "Eve"})
    assert lake.published(STAGED) == {}

    publish(STAGED, {FIRST: "Ada"}, fixed=CLEANING)

    assert rows(lake, STAGED) == [("2019-10-01", "Ada")]
    found = {name for name in files(lake) if name.endswith(".parquet")}
    assert found == {"stage=cleaning/date=2019-10-01/data.parquet"}


def test_where_nothing_is_published_nothing_is_given_up(lake: Store, publish: Callable[..., int]) -> None:
    publish(DATED, {FIRST: "Ada"})

    publish(UNDATED, {})

    assert rows(lake, DATED) == [("2019-10-01", "Ada")]


@pytest.fixture
def half_removed(lake: Store, publish: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> Store:
    """A lake whose two days became one table, by a run that died over the removal of the days."""

    def die(*_: object) -> None:
        raise Died

    publish(DATED, {FIRST: "Ada", SECOND: "Eve"})
    with monkeypatch.context() as patch:
        patch.setattr(FolderTree, "remove", die)
        patch.setattr(S3Lake, "_remove", die)
        with pytest.raises(Died):
            publish(UNDATED, {WHOLE: "Joy"})
    return lake


def test_what_a_run_that_died_left_nobody_reads_and_the_next_removes(
    half_removed: Store, publish: Callable[..., int]
) -> None:
    assert "date=2019-10-01/data.parquet" in files(half_removed)
    assert rows(half_removed, UNDATED) == [("2019-10-05", "Joy")]

    assert publish(UNDATED, {WHOLE: "Joy"}) == 0

    assert files(half_removed) == {"data.parquet"}
    assert rows(half_removed, UNDATED) == [("2019-10-05", "Joy")]


def test_what_a_run_that_died_left_goes_even_if_the_contract_changes_back(
    half_removed: Store, publish: Callable[..., int]
) -> None:
    assert half_removed.published(DATED) == {}

    publish(DATED, {FIRST: "Ada"})

    assert rows(half_removed, DATED) == [("2019-10-01", "Ada")]
    assert {name for name in files(half_removed) if name.endswith(".parquet")} == {"date=2019-10-01/data.parquet"}


def test_what_was_announced_of_the_earlier_days_goes_too(
    lake: Store, publish: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run dies after it has put a day in its place and before the manifest names it."""
    place = "retail_assets.lake.folder_lake" if isinstance(lake, FolderLake) else "retail_assets.lake.s3_lake"
    written: list[object] = []

    def die_at_the_last(*given: Any, **named: Any) -> Any:
        written.append(given)
        if isinstance(lake, FolderLake) or len(written) == 2:
            raise Died
        return write(*given, **named)

    from retail_assets.lake.s3_manifest import write_manifest as write

    with monkeypatch.context() as patch:
        patch.setattr(f"{place}.write_manifest", die_at_the_last)
        with pytest.raises(Died):
            publish(DATED, {FIRST: "Ada"})
    assert set(lake.published(DATED)) == {FIRST}
    assert lake.published(UNDATED) == {}

    publish(UNDATED, {WHOLE: "Joy"})

    assert files(lake) == {"data.parquet"}


def test_rejected_rows_of_landing_which_no_manifest_names_stay(platform: Platform) -> None:
    land(platform, "day.csv", [event(), event(price="0"), event(event_time="?")])
    build(platform)
    folder = platform.settings.lake_dir / "rejected_events"
    before = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert any(name.startswith("stage=landing/") for name in before)

    land(platform, "day.csv", [event(), event(), event(price="0"), event(event_time="?")])
    build(platform)

    after = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert {name for name in before if "cleaning" in name} <= after
    assert any(name.startswith("stage=landing/") for name in after)
