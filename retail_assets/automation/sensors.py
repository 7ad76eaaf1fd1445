"""Sensors: new files are taken in, and whatever is out of date is made, with no hand on the keyboard."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, steps_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.attempts import Attempts
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.due import Due, DueRun
from retail_assets.automation.taking_in import INTAKES, take_in_files
from retail_assets.engine.locking import is_held
from retail_assets.landing.arrival import Arrival
from retail_assets.settings import Settings

MOST_BYTES_A_TICK = 64 * 1024 * 1024
MOST_FILES_A_TICK = 50
"""So much a tick takes in by itself, within seconds; more is the work of a run. A tick may take a minute."""
MOST_RUNS_A_TICK = 20
NOT_BEGUN = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
PROCESS = uuid4().hex
"""Another process may have another version of the code, which makes other partitions stale."""


def automation_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The platform's sensors, on or off as the settings say."""
    status = dg.DefaultSensorStatus.RUNNING if settings.sensors else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        job=take_in_files,
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        required_resource_keys={"platform"},
        description="Compares what lies in landing, a folder or prefixes of S3, with the ledger. A few small files are "
        "taken in at once, more of them by a run of take_in_files. Times and order of files do not matter.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_files(context.instance, context.resources.platform)

    @dg.sensor(
        asset_selection=dg.AssetSelection.groups(*{step.group for step in STEPS}),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        required_resource_keys={"platform"},
        description="Compares what is published with what it would be made from now, and starts one run a range of "
        "dates for whatever differs, stage after stage. What failed is tried again on the next day, or when its "
        "inputs or the rules change.",
    )
    def stale_partitions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_stale(context.instance, context.resources.platform, context.cursor)

    return [new_files, stale_partitions]


def look_for_files(instance: dg.DagsterInstance, platform: Platform) -> dg.SensorResult | dg.SkipReason:
    """Take in the few files that are pending, or ask for a run that takes in the many."""
    if platform.landing.is_busy or _is_asked_for(instance):
        return dg.SkipReason("another run is taking in files")
    pending = platform.landing.pending()
    if not pending:
        return dg.SkipReason("no new file")
    if len(pending) > MOST_FILES_A_TICK or sum(arrival.bytes for arrival in pending) > MOST_BYTES_A_TICK:
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=_content_key(pending))])
    taken = platform.landing.take_in(seen=pending)
    report_landed(instance, platform, taken)
    return dg.SkipReason(f"taken in: {', '.join(f'{entry.name} ({entry.state})' for entry in taken) or 'nothing yet'}")


def look_for_stale(
    instance: dg.DagsterInstance,
    platform: Platform,
    cursor: str | None,
    steps: tuple[Step, ...] = STEPS,
    known: Collection[str] | None = None,
) -> dg.SensorResult | dg.SkipReason:
    """Ask for runs of what is due of these steps and not being made; the cursor remembers what was tried today."""
    if is_held(backfill_lock(platform)):
        return dg.SkipReason("`retail backfill` is at work")
    today, running = datetime.now(UTC).date().isoformat(), _unfinished(instance)
    seen = _digest(f"{PROCESS} {sorted(running)} {platform.version()}")
    before = Attempts.of_day(cursor, today)
    waiting = dg.SkipReason(f"waiting for {len(running)} runs" if running else "nothing is due")
    if before.seen == seen:
        return waiting
    attempts, vain = before.settle(instance)
    busy = _being_made(running.values(), steps_of(platform.settings))
    due = Due(platform, busy, attempts.tried, vain, steps, known)
    asked = {f"{today} {run.key}": run for run in due.runs()[:MOST_RUNS_A_TICK]}
    return dg.SensorResult(
        run_requests=[_request(key, run) for key, run in asked.items()],
        skip_reason=None if asked else waiting,
        cursor=attempts.after(seen, due.outdated, vain, asked).text(),
    )


def _request(key: str, run: DueRun) -> dg.RunRequest:
    tags = partitions.range_tags(run.partitioning, run.dates[0], run.dates[-1]) if run.dates else {}
    return dg.RunRequest(
        run_key=key,
        asset_selection=[asset_key(step, output) for step in run.steps for output in step.outputs],
        tags={**tags, "retail/launched_by": "stale_partitions"},
    )


def _content_key(pending: Iterable[Arrival]) -> str:
    return _digest(repr([(arrival.name, arrival.bytes, arrival.etag or arrival.mtime_ns) for arrival in pending]))


def _is_asked_for(instance: dg.DagsterInstance) -> bool:
    """Whether a run that takes in files has yet to begin: files that come meanwhile are its, too."""
    waiting = dg.RunsFilter(job_name=take_in_files.name, statuses=NOT_BEGUN)
    return instance.get_runs_count(waiting) > 0


def _unfinished(instance: dg.DagsterInstance) -> dict[str, frozenset[dg.AssetKey] | None]:
    """Runs that wait or work, with what they make; None stands for everything. Those that only take in make nothing."""
    runs = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {
        run.run_id: frozenset(run.asset_selection) if run.asset_selection is not None else None
        for run in runs
        if run.job_name not in INTAKES
    }


def _being_made(selections: Iterable[frozenset[dg.AssetKey] | None], steps: tuple[Step, ...]) -> set[str]:
    """The steps of these that these runs make something of."""
    chosen = list(selections)
    if None in chosen:
        return {step.name for step in steps}
    keys = {key for selection in chosen if selection for key in selection}
    return {step.name for step in steps if any(asset_key(step, output) in keys for output in step.outputs)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
