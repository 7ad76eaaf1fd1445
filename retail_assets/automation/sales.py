"""Sales without a hand on the keyboard: changes in the shop's database are noticed, extracted and followed."""

from datetime import UTC, datetime

import dagster as dg

from retail_assets.assets.catalogue import sales_steps
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import pending_change
from retail_assets.assets.sales_export_asset import SALES_EXPORT
from retail_assets.automation.looking import Tick, Wanted
from retail_assets.automation.switched_on import schedule_status, sensor_status
from retail_assets.settings import Settings
from retail_assets.sources.postgres.connection import SourceError

LOOK_SECONDS = 30
"""Between two looks at the database, which cost it a query of its counters."""


def sales_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of sales, on or off as the settings say; none where the platform has no sales."""
    if not settings.has_sales:
        return []
    status = sensor_status(settings)

    @dg.sensor(
        asset_selection=_shop_tables(),
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=status,
        required_resource_keys={"platform"},
        description="Compares the counters that PostgreSQL keeps of inserts, updates and deletes with those of the "
        "latest snapshot, and starts an extraction where they differ.",
    )
    def shop_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_changes(context.instance, context.resources.platform)

    @dg.sensor(
        asset_selection=dg.AssetSelection.assets(*_keys()),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=status,
        required_resource_keys={"platform"},
        description="Makes what is missing or stale of sales: the days whose rows have changed, and what reads them.",
    )
    def stale_sales(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_stale_sales(context.instance, context.resources.platform, context.cursor)

    return [shop_changes, stale_sales] if settings.sales.is_configured else [stale_sales]


def sales_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Once a night an extraction whatever the counters say; none where no database is configured."""
    if not settings.sales.is_configured:
        return []
    status = schedule_status(settings)
    return [
        dg.ScheduleDefinition(
            name="nightly_extraction",
            target=_shop_tables(),
            cron_schedule="0 3 * * *",
            execution_timezone="UTC",
            default_status=status,
            description="Extracts the shop's tables: a server that crashed may have lost its counters.",
        )
    ]


def look_for_changes(instance: dg.DagsterInstance, platform: Platform) -> dg.SensorResult | dg.SkipReason:
    """Ask for an extraction where the database has counted changes since the latest one."""
    known = platform.extraction.version()
    try:
        seen = platform.extraction.changed_fingerprint()
    except SourceError as error:
        return dg.SkipReason(str(error))
    if seen is None:
        return dg.SkipReason("no change")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"{known} {seen} {_hour()}")])


def look_for_stale_sales(
    instance: dg.DagsterInstance, platform: Platform, cursor: str | None
) -> dg.SensorResult | dg.SkipReason:
    """Ask for what is due of sales; for the files by category and region once nothing is, and nothing is being made."""
    tick = Tick.of(instance, platform)
    if isinstance(tick, dg.SkipReason):
        return tick
    try:
        found = tick.look(cursor, lambda: Wanted(sales_steps(), known_days(platform)))
    except SourceError as error:
        return dg.SkipReason(str(error))
    result = found if isinstance(found, dg.SensorResult) else dg.SensorResult()
    if result.run_requests or tick.is_making(_keys()):
        return found
    export = _export(platform)
    return dg.SensorResult(run_requests=[export], cursor=result.cursor) if export else found


def _export(platform: Platform) -> dg.RunRequest | None:
    """A run of the files by category and region, where they are not up to date: once for each change of theirs."""
    change = pending_change(platform)
    return dg.RunRequest(f"export {change} {_hour()}", asset_selection=[dg.AssetKey(SALES_EXPORT)]) if change else None


def _hour() -> str:
    """What failed is tried again in an hour, or at the next change."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H")


def _shop_tables() -> dg.AssetSelection:
    tables = sales_steps()[0]
    return dg.AssetSelection.assets(*(asset_key(tables, output) for output in tables.outputs))


def _keys() -> list[dg.AssetKey]:
    keys = [asset_key(step, output) for step in sales_steps() for output in step.outputs]
    return [*keys, dg.AssetKey(SALES_EXPORT)]
