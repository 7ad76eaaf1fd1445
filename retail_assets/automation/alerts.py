"""Alerts: failed runs and failed checks, told in the log and, where one is set, to a webhook."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import dagster as dg
from dagster._core.events import DagsterEventType
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from retail_assets.assets.landed_files import BLOCKED_FILES, LANDED_FILES
from retail_assets.automation.webhook import post
from retail_assets.settings import Settings

SECONDS = 30
MOST_A_TICK = 25
"""Runs looked at in one tick; the others wait for the next."""
LONGEST = 2_000
End = Literal[DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_SUCCESS]
ENDS: tuple[End, End] = (DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_SUCCESS)
BLOCKED = dg.AssetCheckKey(LANDED_FILES, BLOCKED_FILES)


@dataclass(frozen=True)
class Alert:
    """Something that somebody should look at. ``kind`` is ``run`` or ``check``; ``severity`` ERROR or WARN."""

    kind: str
    severity: str
    about: str
    """The run's datasets, or the check's name."""
    partition: str
    detail: str
    run_id: str

    def text(self) -> str:
        """One line for people."""
        place = f" [{self.partition}]" if self.partition else ""
        what = "run failed" if self.kind == "run" else "check failed"
        return f"{self.severity}: {what}: {self.about}{place}: {self.detail}"


def failure_alerts(settings: Settings) -> dg.SensorDefinition:
    """Reports failed runs and checks. On by itself where a webhook is set."""
    on = bool(settings.alert_webhook) and settings.sensors
    status = dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        minimum_interval_seconds=SECONDS,
        default_status=status,
        description="Reports every failed run, and every check that failed or warned, once: in the log of the tick "
        "and, with RETAIL_ALERT_WEBHOOK, as JSON to that address. What could not be delivered is sent again.",
    )
    def failures(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        before = json.loads(context.cursor) if context.cursor else None
        found, cursor = new_alerts(context.instance, before)
        for alert in found:
            context.log.error(alert.text())
        if found and settings.alert_webhook:
            text = "\n".join(alert.text() for alert in found)
            post(settings.alert_webhook, {"text": text, "alerts": [asdict(alert) for alert in found]})
        told = dg.SkipReason(f"{len(found)} alerts" if found else "nothing has failed")
        return dg.SensorResult(skip_reason=told, cursor=json.dumps(cursor))

    return failures


def new_alerts(instance: dg.DagsterInstance, cursor: Mapping[str, int] | None) -> tuple[list[Alert], dict[str, int]]:
    """What failed since the cursor, and the cursor after it; without one, nothing: the past is past."""
    landing = _latest_landing(instance)
    if cursor is None:
        newest = {end.value: _newest(instance, end) for end in ENDS}
        return [], {**newest, BLOCKED_FILES: landing.id if landing else 0}
    alerts: list[Alert] = []
    after = dict(cursor)
    for end in ENDS:
        condition = dg.RunStatusChangeRecordsFilter(end, after_storage_id=cursor[end.value])
        for record in instance.fetch_run_status_changes(condition, MOST_A_TICK, ascending=True).records:
            alerts += _of_run(instance, record.event_log_entry.run_id, failed=end is DagsterEventType.RUN_FAILURE)
            after[end.value] = record.storage_id
    if landing and landing.id > cursor[BLOCKED_FILES]:
        alerts += _of_landing(landing)
        after[BLOCKED_FILES] = landing.id
    return alerts, after


def _newest(instance: dg.DagsterInstance, end: End) -> int:
    records = instance.fetch_run_status_changes(end, 1).records
    return records[0].storage_id if records else 0


def _latest_landing(instance: dg.DagsterInstance) -> AssetCheckExecutionRecord | None:
    """The last verdict on blocked files, which are reported outside of any run."""
    found = instance.event_log_storage.get_asset_check_execution_history(BLOCKED, limit=1)
    return found[0] if found else None


def _of_run(instance: dg.DagsterInstance, run_id: str, *, failed: bool) -> Iterator[Alert]:
    if failed:
        yield Alert("run", "ERROR", _about(instance, run_id), "", _why(instance, run_id)[:LONGEST], run_id)
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION):
        data = entry.get_dagster_event().asset_check_evaluation_data
        if not data.passed:
            yield _of_check(data, run_id)


def _of_landing(record: AssetCheckExecutionRecord) -> Iterator[Alert]:
    if record.status is AssetCheckExecutionRecordStatus.FAILED and record.event:
        yield _of_check(record.event.get_dagster_event().asset_check_evaluation_data, "")


def _of_check(data: dg.AssetCheckEvaluation, run_id: str) -> Alert:
    told = "; ".join(f"{name}: {value.value}" for name, value in data.metadata.items())
    detail = "; ".join(part for part in (data.description, told) if part)
    name = f"{data.asset_key.to_user_string()}.{data.check_name}"
    return Alert("check", data.severity.value, name, data.partition or "", detail[:LONGEST], run_id)


def _about(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    if run is None or not run.asset_selection:
        return run.job_name if run else run_id
    return ", ".join(sorted(key.to_user_string() for key in run.asset_selection))


def _why(instance: dg.DagsterInstance, run_id: str) -> str:
    """What the failed steps said; else the last word of the run."""
    reasons = []
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE):
        data = entry.get_dagster_event().step_failure_data
        told = data.user_failure_data.description if data.user_failure_data else None
        reasons.append(told or (data.error.message.strip() if data.error else ""))
    if any(reasons):
        return "; ".join(reason for reason in reasons if reason)
    ends = instance.all_logs(run_id, of_type=DagsterEventType.RUN_FAILURE)
    return str(ends[-1].get_dagster_event().message) if ends else "no reason is recorded"
