"""The job that takes in files: for more of them than a sensor's tick can read, and once a day for what it missed."""

import dagster as dg

from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.platform import Platform
from retail_assets.landing.progress import in_lines
from retail_assets.settings import Settings


@dg.op(
    required_resource_keys={"platform"},
    description="Reads every new or changed file of the landing folder once. Fails if one of them is blocked: the "
    "others are taken in all the same.",
)
def new_files_taken_in(context: dg.OpExecutionContext) -> None:
    """Take in what is pending and report it to the asset landed_files."""
    platform: Platform = context.resources.platform
    taken = platform.landing.take_in(in_lines(context.log.info))
    report_landed(context.instance, platform, taken)
    blocked = [entry for entry in taken if entry.state == "blocked"]
    rows = sum(entry.rows for entry in taken)
    context.log.info(f"{len(taken):,} files taken in, {rows:,} rows, {len(blocked):,} blocked")
    if blocked:
        reasons = "\n".join(entry.detail for entry in blocked)
        raise dg.Failure(f"{len(blocked)} of {len(taken)} files are blocked:\n{reasons}", allow_retries=False)


@dg.job(description="Takes in new and changed files of the landing folder.")
def take_in_files() -> None:
    """Take in what is pending."""
    new_files_taken_in()


def daily_landing(settings: Settings) -> dg.ScheduleDefinition:
    """Takes files in once a day, on or off as the settings say."""
    return dg.ScheduleDefinition(
        name="daily_landing",
        job=take_in_files,
        cron_schedule="15 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if settings.sensors else dg.DefaultScheduleStatus.STOPPED,
        description="A quarter past midnight (UTC): takes in whatever the sensor new_files missed or was off for.",
    )
