"""Declared sources without a hand on the keyboard: looked at by schedule or all the time, and followed."""

import json
from datetime import UTC, datetime

import dagster as dg

from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.declared_sources import declared_days, declared_sources, source_steps
from retail_assets.assets.platform import Platform
from retail_assets.automation.looking import Tick, Wanted
from retail_assets.automation.switched_on import schedule_status, sensor_status
from retail_assets.automation.taking_in import SOURCES_OP, take_in_sources
from retail_assets.engine.s3_errors import S3Error
from retail_assets.settings import Settings
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.declared.source import DeclaredSource

LOOK_SECONDS = 30
"""Between two looks at places where files arrive: on S3, each lists them anew."""


def declared_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """One schedule for each source that has one, on or off as the settings say."""
    status = schedule_status(settings)
    return [
        dg.ScheduleDefinition(
            name=f"{source.name}_intake",
            job=take_in_sources,
            cron_schedule=source.configuration.schedule,
            run_config=_configured([source.name]),
            execution_timezone="UTC",
            default_status=status,
            description=f"Takes in what is new of {source.name}.",
        )
        for source in declared_sources(settings).sound
        if source.configuration.schedule
    ]


def declared_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of declared sources, on or off as the settings say; none where nothing is declared."""
    sources = declared_sources(settings).sound
    if not sources:
        return []
    status = sensor_status(settings)
    keys = [asset_key(step, output) for source in sources for step in source_steps(source) for output in step.outputs]

    @dg.sensor(
        job=take_in_sources,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=status,
        required_resource_keys={"platform"},
        description="Compares the files of declared sources without a schedule with those that were taken in last.",
    )
    def source_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_changes(context.resources.platform, sources)

    @dg.sensor(
        asset_selection=dg.AssetSelection.assets(*keys),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        required_resource_keys={"platform"},
        description="Makes what is missing or stale of declared sources: the days whose rows have changed.",
    )
    def stale_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_stale_sources(context.instance, context.resources.platform, context.cursor, sources)

    return [source_changes, stale_sources]


def look_for_changes(platform: Platform, sources: tuple[DeclaredSource, ...]) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run that takes in the sources whose files are not as they were.

    Once for each state of theirs and of what was taken in last; and once more each hour, since a run may have failed,
    or a file may be readable by now.
    """
    changed: dict[str, str] = {}
    problems = []
    for source in sources:
        if source.configuration.schedule or source.configuration.kind != "files":  # others are asked when wanted
            continue
        try:
            if seen := platform.intake(source.name).unseen():
                changed[source.name] = seen
        except (SourceUnavailable, S3Error) as error:
            problems.append(str(error))
    if changed:
        hour = datetime.now(UTC).strftime("%Y-%m-%d %H")
        key = f"{json.dumps(changed, sort_keys=True)} {hour}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, run_config=_configured(list(changed)))])
    return dg.SkipReason("; ".join(problems) or "no change")


def look_for_stale_sources(
    instance: dg.DagsterInstance, platform: Platform, cursor: str | None, sources: tuple[DeclaredSource, ...]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for what is due of each source that has been taken in; each has days and a memory of its own."""
    tick = Tick.of(instance, platform)
    if isinstance(tick, dg.SkipReason):
        return tick
    cursors: dict[str, str | None] = json.loads(cursor) if cursor else {}
    requests: list[dg.RunRequest] = []
    for source in sources:
        found = _look(tick, cursors.get(source.name), source)
        if isinstance(found, dg.SensorResult):
            cursors[source.name] = found.cursor
            requests += found.run_requests or []
    waiting = None if requests else "nothing is due"
    return dg.SensorResult(run_requests=requests, skip_reason=waiting, cursor=json.dumps(cursors))


def _look(tick: Tick, cursor: str | None, source: DeclaredSource) -> dg.SensorResult | dg.SkipReason:
    if not tick.platform.intake(source.name).version():
        return dg.SkipReason(f"{source.name} was never taken in")
    steps = tuple(source_steps(source))
    try:
        return tick.look(cursor, lambda: Wanted(steps, declared_days(tick.platform, steps[0])))
    except SourceUnavailable as error:
        return dg.SkipReason(str(error))


def _configured(names: list[str]) -> dict[str, object]:
    return {"ops": {SOURCES_OP: {"config": {"sources": names}}}}
