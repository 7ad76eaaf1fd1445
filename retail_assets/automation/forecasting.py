"""Forecasts by the clock: once a day, those of the latest day that has ended."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import FORECASTS, sales_forecasts
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.materialization import runnable, stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step, of_dates
from retail_assets.automation.choice import within
from retail_assets.automation.switched_on import schedule_status
from retail_assets.contracts import contract
from retail_assets.engine.partition import dates_of
from retail_assets.settings import Settings


def latest_day(platform: Platform, step: Step, first: date | None = None, last: date | None = None) -> str | None:
    """The latest day of the range that has ended and that the step's inputs have; None where there is none."""
    today = datetime.now(UTC).date().isoformat()
    published = platform.stores["lake"].published(contract(step.upstreams[0].name))
    known = {day for day in dates_of(published) if day < today}
    return max(within(known, first, last), default=None)


def forecast_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The schedules of forecasts, on or off as the settings say; that of sales where the platform has any."""
    found = [_schedule("daily_forecast", FORECASTS, settings)]
    if settings.has_sales:
        found.append(_schedule("daily_sales_forecast", sales_forecasts(), settings))
    return found


def _schedule(name: str, steps: tuple[Step, ...], settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        target=dg.AssetSelection.assets(*_keys(steps)),
        cron_schedule="30 4 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        required_resource_keys={"platform"},
        description="Half past four in the morning (UTC): forecasts from the latest day that has ended, and tests how "
        "good such forecasts would have been, unless both are up to date.",
    )
    def asked(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return look_for_forecasts(context.resources.platform, steps)

    return asked


def look_for_forecasts(platform: Platform, steps: tuple[Step, ...]) -> dg.RunRequest | dg.SkipReason:
    """Ask for the forecasts of the latest day, where they are missing or stale."""
    maker = steps[0]
    day = latest_day(platform, maker)
    if day is None:
        return dg.SkipReason(f"{maker.upstreams[0].name} has no day that has ended")
    wanted = of_dates(maker.partitioning, [day])
    if not any(stale(platform, step, runnable(platform, step, wanted)) for step in steps):
        return dg.SkipReason(f"the forecasts of {day} are up to date")
    return dg.RunRequest(tags={**partitions.range_tags(maker.partitioning, day, day), "retail/launched_by": "schedule"})


def _keys(steps: Iterable[Step]) -> list[dg.AssetKey]:
    return [asset_key(step, output) for step in steps for output in step.outputs]
