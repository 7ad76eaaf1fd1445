"""The IO managers on their own, for assets that are not ours: Query, Arrow table and DataFrame in, Dataset out."""

import datetime as dt
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from retail_assets.engine.dataset import Dataset, Rows
from retail_assets.engine.query import Query
from retail_assets.lake.io_manager import LakeIOManager
from retail_assets.settings import Settings
from retail_assets.settings import settings as settings_of_process
from retail_assets.warehouse.io_manager import WarehouseIOManager

DAILY = dg.DailyPartitionsDefinition("2019-10-01", end_date="2019-10-05")
BOOKS = {"stage": ["cleaning", "cleaning"], "reason": ["clean", "received"], "rows": [1, 1]}


def _lake(settings: Settings) -> LakeIOManager:
    if not settings.lake_url:
        return LakeIOManager(root=str(settings.lake_dir))
    return LakeIOManager(root=settings.lake_url, s3=settings.s3.model_dump(mode="json", exclude_unset=True))


def _run(content: Any, settings: Settings) -> tuple[dg.ExecuteInProcessResult, list[Any]]:
    seen: list[Any] = []

    @dg.asset(partitions_def=DAILY, io_manager_key="lake")
    def event_books() -> Any:
        return content

    @dg.asset(partitions_def=DAILY, ins={"event_books": dg.AssetIn(input_manager_key="lake")}, io_manager_key="nothing")
    def reader(event_books: Dataset) -> None:
        seen.append(event_books)

    result = dg.materialize(
        [event_books, reader],
        partition_key="2019-10-01",
        resources={"lake": _lake(settings), "nothing": dg.mem_io_manager},
        raise_on_error=False,
    )
    return result, seen


@pytest.mark.parametrize("kind", ["query", "arrow", "pandas"])
def test_what_an_asset_returns_is_published_and_handed_on_lazily(kind: str, settings: Settings) -> None:
    rows = Rows.of(
        {"date": "DATE", "stage": "VARCHAR", "reason": "VARCHAR", "rows": "BIGINT"},
        [(dt.date(2019, 10, 1), "cleaning", "clean", 1), (dt.date(2019, 10, 1), "cleaning", "received", 1)],
    )
    content = {
        "query": Query("books", "SELECT * FROM given ORDER BY reason", {"given": rows}),
        "arrow": pa.table(BOOKS),
        "pandas": pd.DataFrame(BOOKS),
    }[kind]

    result, (dataset,) = _run(content, settings)

    assert result.success
    assert [partition.key for partition in dataset.partitions] == ["2019-10-01"]
    assert dataset.to_pandas()[["reason", "rows"]].to_dict("list") == {"reason": ["clean", "received"], "rows": [1, 1]}


def test_a_lake_on_s3_takes_and_gives_the_same(
    on_s3: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_DATA_DIR", str(tmp_path / "staging"))
    settings_of_process.cache_clear()

    result, (dataset,) = _run(pa.table(BOOKS), on_s3)

    settings_of_process.cache_clear()
    assert result.success
    assert [stored.location for stored in dataset.objects] == [
        f"{on_s3.lake_url}/event_books/date=2019-10-01/data.parquet"
    ]
    assert dataset.to_pandas()[["reason", "rows"]].to_dict("list") == {"reason": ["clean", "received"], "rows": [1, 1]}


def test_a_partition_that_breaks_its_contract_is_not_published(settings: Settings) -> None:
    result, seen = _run(pa.table({**BOOKS, "rows": [1, -1]}), settings)

    assert not result.success
    assert seen == []
    assert not list(settings.lake_dir.rglob("data.parquet"))


def test_something_else_is_refused_with_the_types_that_are_taken(settings: Settings) -> None:
    result, _ = _run([1, 2, 3], settings)

    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "return a Query, an Arrow table or a DataFrame, not list" in str(failure.event_specific_data)


def test_the_warehouse_keeps_tables_and_gives_back_the_partitions_asked_for(settings: Settings) -> None:
    seen: list[pa.Table] = []

    @dg.asset(partitions_def=DAILY, io_manager_key="warehouse")
    def product_days(context: dg.AssetExecutionContext) -> pa.Table:
        moment = dt.datetime.fromisoformat(f"{context.partition_key}T10:00:00")
        return pa.table(
            {
                "product_id": ["1", "2"],
                "category_code": pa.array([None, "a.b"]),
                "brand": ["x", "it's"],
                "first_seen": pa.array([moment, moment], pa.timestamp("us")),
                "last_seen": pa.array([moment, moment], pa.timestamp("us")),
            }
        )

    @dg.asset(
        partitions_def=DAILY, ins={"product_days": dg.AssetIn(input_manager_key="warehouse")}, io_manager_key="nothing"
    )
    def reader(product_days: pa.Table) -> None:
        seen.append(product_days)

    resources = {"warehouse": WarehouseIOManager(path=str(settings.warehouse_file)), "nothing": dg.mem_io_manager}
    for day in ("2019-10-01", "2019-10-02"):
        assert dg.materialize([product_days, reader], partition_key=day, resources=resources).success

    assert [table.column("date").to_pylist() for table in seen] == [
        [dt.date(2019, 10, 1)] * 2,
        [dt.date(2019, 10, 2)] * 2,
    ]
    assert seen[0].column("brand").to_pylist() == ["x", "it's"]


def test_the_warehouse_gives_a_table_without_partitions_as_a_whole(settings: Settings) -> None:
    """Its asset may have partitions all the same: each replaces the table."""
    seen: list[pa.Table] = []

    @dg.asset(partitions_def=DAILY, io_manager_key="warehouse")
    def data_quality() -> pa.Table:
        return pa.table({"date": pa.array([None], pa.date32()), "stage": ["landing"], "reason": ["clean"], "rows": [1]})

    @dg.asset(
        partitions_def=DAILY, ins={"data_quality": dg.AssetIn(input_manager_key="warehouse")}, io_manager_key="nothing"
    )
    def reader(data_quality: pa.Table) -> None:
        seen.append(data_quality)

    resources = {"warehouse": WarehouseIOManager(path=str(settings.warehouse_file)), "nothing": dg.mem_io_manager}
    assert dg.materialize([data_quality, reader], partition_key="2019-10-01", resources=resources).success

    assert seen[0].column("reason").to_pylist() == ["clean"]
