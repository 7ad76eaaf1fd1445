"""Sensors: new files are taken in, and whatever is out of date is made, with no hand on the keyboard."""

import hashlib
from collections.abc import Iterable

import dagster as dg

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.platform import Platform
from retail_assets.automation.looking import look_for_stale
from retail_assets.automation.switched_on import sensor_status
from retail_assets.automation.taking_in import take_in_files
from retail_assets.landing.arrival import Arrival
from retail_assets.settings import Settings

MOST_BYTES_A_TICK = 64 * 1024 * 1024
MOST_FILES_A_TICK = 50
"""So much a tick takes in by itself, within seconds; more is the work of a run. A tick may take a minute."""
NOT_BEGUN = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]


def automation_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The platform's sensors, on or off as the settings say."""
    status = sensor_status(settings)

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


def _content_key(pending: Iterable[Arrival]) -> str:
    content = [(arrival.name, arrival.bytes, arrival.etag or arrival.mtime_ns) for arrival in pending]
    return hashlib.sha256(repr(content).encode()).hexdigest()[:24]


def _is_asked_for(instance: dg.DagsterInstance) -> bool:
    """Whether a run that takes in files has yet to begin: files that come meanwhile are its, too."""
    waiting = dg.RunsFilter(job_name=take_in_files.name, statuses=NOT_BEGUN)
    return instance.get_runs_count(waiting) > 0
