"""What the Dagster instance knows: when datasets were last materialized and what their checks last said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord

State = Literal["passed", "warned", "failed", "not run"]
MOST_RECORDS = 1000


@dataclass(frozen=True)
class Finding:
    """What a check has against one partition, or against a dataset without partitions."""

    partition: str | None
    detail: str


@dataclass(frozen=True)
class CheckState:
    """What a check says now, over all partitions."""

    dataset: str
    check: str
    state: State
    findings: tuple[Finding, ...] = ()


def last_materialized(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> dict[str, datetime]:
    """When each dataset was last materialized, as far as the instance has seen it."""
    found = {}
    for record in instance.get_asset_records(list(keys)):
        if event := record.asset_entry.last_materialization:
            found[dataset_name(record.asset_entry.asset_key)] = datetime.fromtimestamp(event.timestamp, UTC)
    return found


def latest_change(instance: dg.DagsterInstance) -> str:
    """Changes whenever a run is asked for, begins or ends: one that publishes nothing may have evaluated checks."""
    records = instance.get_run_records(limit=1, order_by="update_timestamp", ascending=False)
    return " ".join(f"{item.dagster_run.run_id} {item.dagster_run.status} {item.update_timestamp}" for item in records)


def check_states(instance: dg.DagsterInstance, definitions: dg.Definitions) -> list[CheckState]:
    """What every check of the platform says now: the latest word on each partition counts."""
    graph = definitions.resolve_asset_graph()
    keys = sorted(graph.asset_check_keys, key=lambda key: (dataset_name(key.asset_key), key.name))
    return [_check_state(instance, key, graph.get(key.asset_key).is_partitioned) for key in keys]


def dataset_name(key: dg.AssetKey) -> str:
    """The name of an asset for people: features, warehouse.features."""
    return ".".join(key.path)


def _check_state(instance: dg.DagsterInstance, key: dg.AssetCheckKey, is_partitioned: bool) -> CheckState:
    storage = instance.event_log_storage
    known = storage.get_asset_check_partition_info([key])
    name = dataset_name(key.asset_key)
    if not known:
        return CheckState(name, key.name, "not run")
    # Of a partitioned dataset, the record without a partition sums up one range run: later runs may have mended it.
    judged = [info for info in known if info.partition_key or not is_partitioned]
    failed = {info.partition_key for info in judged if info.latest_execution_status.value == "FAILED"}
    if not failed:
        return CheckState(name, key.name, "passed")
    records = list(_failures(instance, key, failed))
    is_error = any(severity == "ERROR" for severity, _ in records)
    findings = sorted((finding for _, finding in records), key=lambda finding: finding.partition or "")
    return CheckState(name, key.name, "failed" if is_error else "warned", tuple(findings))


def _failures(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, failed: set[str | None]
) -> Iterator[tuple[str, Finding]]:
    """Severity and finding of the latest failed evaluation of each of these partitions."""
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

    statuses = {AssetCheckExecutionRecordStatus.FAILED}
    seen: set[str | None] = set()
    for record in instance.event_log_storage.get_asset_check_execution_history(key, MOST_RECORDS, status=statuses):
        if record.partition in failed and record.partition not in seen:
            seen.add(record.partition)
            yield _severity(record), Finding(record.partition, _detail(record))


def _severity(record: AssetCheckExecutionRecord) -> str:
    return record.evaluation.severity.value if record.evaluation else "ERROR"


def _detail(record: AssetCheckExecutionRecord) -> str:
    """What the check found: its description, or all that it noted."""
    if not record.evaluation:
        return ""
    if record.evaluation.description:
        return record.evaluation.description.removeprefix(f"{record.partition}: ")
    noted = {name: value.value for name, value in record.evaluation.metadata.items()}
    return "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in noted.items())
