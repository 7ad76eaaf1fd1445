"""The storage that takes events in batches writes what Dagster's own storage writes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef

from retail_assets.assets.partitions import RANGE_END, RANGE_START, RememberingPartitions
from retail_assets.automation.event_log import BatchingSqliteStorage, with_batches
from retail_assets.automation.stages import QUIET

DAYS = dg.DailyPartitionsDefinition("2019-10-01", end_date="2019-12-01")
BOTH = RememberingPartitions({"date": DAYS, "key_type": dg.StaticPartitionsDefinition(["a", "b"])})
RANGE = {RANGE_START: "2019-10-03|a", RANGE_END: "2019-10-22|b"}


@dg.multi_asset(
    specs=[dg.AssetSpec(name, partitions_def=BOTH, code_version="1") for name in ("first", "second")],
    check_specs=[dg.AssetCheckSpec("is_fine", asset="first", partitions_def=BOTH)],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def both(context: dg.AssetExecutionContext) -> Iterator[Any]:
    for name in ("first", "second"):
        for key in context.partition_keys:
            context.add_asset_metadata({"key": key}, asset_key=name, partition_key=key)
        yield dg.MaterializeResult(asset_key=name, metadata={"name": name})
    yield dg.AssetCheckResult(asset_key="first", check_name="is_fine", passed=True)


@contextmanager
def _instance(folder: Path, *, is_batched: bool) -> Iterator[dg.DagsterInstance]:
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    reference = InstanceRef.from_dir(str(folder))
    with dg.DagsterInstance.from_ref(with_batches(reference) if is_batched else reference) as opened:
        yield opened


def _run_twice(instance: dg.DagsterInstance) -> list[str]:
    job = dg.Definitions(assets=[both]).resolve_implicit_global_asset_job_def()
    return [job.execute_in_process(instance=instance, tags=RANGE, run_config=QUIET).run_id for _ in range(2)]


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def _kept(folder: Path, run_ids: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the storage has kept, but for what differs from run to run."""
    history, runs = folder / "history" / "runs", {run: f"run {number}" for number, run in enumerate(run_ids)}
    index = history / "index.db"
    event = "id, run_id, dagster_event_type, step_key, asset_key, partition"
    events = {
        name: _rows(history / f"{run}.db", f"SELECT {event} FROM event_logs ORDER BY id") for run, name in runs.items()
    }
    kept = {
        **events,
        "index": _rows(index, f"SELECT {event} FROM event_logs ORDER BY id"),
        "tags": _rows(index, "SELECT event_id, asset_key, key, value FROM asset_event_tags ORDER BY id"),
        "assets": [(key, json.loads(last)["storage_id"], run) for key, last, run in _rows(index, ASSETS)],
        "checks": _rows(index, CHECKS),
        "schema": _rows(history / f"{run_ids[-1]}.db", "SELECT name, sql FROM sqlite_master ORDER BY name"),
        "version": _rows(history / f"{run_ids[-1]}.db", "SELECT * FROM alembic_version"),
    }
    return {name: [tuple(runs.get(value, value) for value in row) for row in rows] for name, rows in kept.items()}


ASSETS = "SELECT asset_key, last_materialization, last_run_id FROM asset_keys ORDER BY asset_key"
CHECKS = (
    "SELECT asset_key, check_name, partition, run_id, execution_status, evaluation_event_storage_id "
    "FROM asset_check_executions ORDER BY id"
)


def test_batches_leave_what_single_events_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _instance(tmp_path / "single", is_batched=False) as instance:
        single = _kept(tmp_path / "single", _run_twice(instance))
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "33")  # so that an asset's events take more than one batch
    with _instance(tmp_path / "batched", is_batched=True) as instance:
        batched = _kept(tmp_path / "batched", _run_twice(instance))

    assert len(single["index"]) > 2 * 2 * 2 * 40
    assert batched == single


def test_what_is_kept_in_batches_is_read_by_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "33")
    with _instance(tmp_path / "one", is_batched=True) as instance:
        _run_twice(instance)
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path / "one"))) as instance:
        found = instance.get_latest_materialization_event(dg.AssetKey("second"))
        made = instance.get_materialized_partitions(dg.AssetKey("first"))

    assert len(made) == 40
    assert found
    assert found.asset_materialization
    assert found.asset_materialization.partition in made
    assert found.asset_materialization.metadata["key"].value == found.asset_materialization.partition


def test_another_storage_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    ours = with_batches(InstanceRef.from_dir(str(tmp_path)))
    assert ours.storage_data
    assert ours.storage_data.class_name == BatchingSqliteStorage.__name__

    (tmp_path / "dagster.yaml").write_text(
        "event_log_storage:\n  module: dagster._core.storage.event_log\n  class: ConsolidatedSqliteEventLogStorage\n"
        f"  config:\n    base_dir: {tmp_path}\n"
    )
    other = InstanceRef.from_dir(str(tmp_path))
    assert with_batches(other) is other
