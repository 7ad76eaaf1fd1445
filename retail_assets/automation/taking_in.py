"""The jobs that take in: files of the landing folder, more than a sensor's tick can read, and declared sources."""

import dagster as dg

from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.platform import Platform
from retail_assets.automation.switched_on import schedule_status
from retail_assets.engine.s3_errors import S3Error
from retail_assets.landing.progress import in_lines
from retail_assets.settings import Settings
from retail_assets.sources.declared.errors import SourceUnavailable

SOURCES_OP = "sources_taken_in"


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


@dg.op(
    name=SOURCES_OP,
    config_schema={"sources": dg.Field([str], description="Names of sources.")},
    required_resource_keys={"platform"},
    description="Reads what is new or changed of declared sources. Fails if one of them cannot be read: the others are "
    "taken in all the same.",
)
def sources_taken_in(context: dg.OpExecutionContext) -> None:
    """Take in these sources."""
    platform: Platform = context.resources.platform
    problems = []
    for name in context.op_config["sources"]:
        try:
            state = platform.intake(name).take()
            context.log.info(f"{name}: {state.rows:,} rows in {len(state.files):,} files")
        except (SourceUnavailable, S3Error) as error:
            problems.append(str(error))
    if problems:
        raise dg.Failure("\n".join(problems), allow_retries=False)


@dg.job(description="Takes in what is new or changed of declared sources.")
def take_in_sources() -> None:
    """Take in the sources that its configuration names."""
    sources_taken_in()


INTAKES = frozenset((take_in_files.name, take_in_sources.name))
"""Jobs that make no dataset: nothing waits for them."""


def daily_landing(settings: Settings) -> dg.ScheduleDefinition:
    """Takes files in once a day, on or off as the settings say."""
    return dg.ScheduleDefinition(
        name="daily_landing",
        job=take_in_files,
        cron_schedule="15 0 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description="A quarter past midnight (UTC): takes in whatever the sensor new_files missed or was off for.",
    )
