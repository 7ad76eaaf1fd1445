"""The schedule of the report."""

import dagster as dg

from retail_assets.assets.report_asset import retail_report
from retail_assets.automation.switched_on import schedule_status
from retail_assets.settings import Settings


def daily_report(settings: Settings) -> dg.ScheduleDefinition:
    """Writes the report once a day, on or off as the settings say."""
    return dg.ScheduleDefinition(
        name="daily_report",
        target=[retail_report],
        cron_schedule="0 5 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description="Five in the morning (UTC): writes the report of the last weeks.",
    )
