"""The report as an asset: one HTML file of what happened, what is expected and what is wrong with the data."""

import dagster as dg

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.report.writing import write_report

TABLES = ("features", "dim_date", "dim_product", "data_quality", "demand_forecast", "forecast_backtest")


@dg.asset(
    deps=[asset_key(step_of(f"warehouse.{table}"), table) for table in TABLES],
    group_name="warehouse",
    owners=["team:retail-data"],
    kinds={"html"},
    description="A report that can be mailed: what happened in up to four weeks against the weeks before, what is "
    "expected, and what is wrong with the data. One HTML file that needs neither network nor server; the same as "
    "`retail report`.",
    required_resource_keys={"platform"},
)
def retail_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Write the report of the last weeks that the warehouse has; the error says why where it has none."""
    platform: Platform = context.resources.platform
    try:
        written = write_report(platform.settings, blocked=platform.landing.blocked())
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    content = written.content
    problems = [finding.text for finding in content.findings if finding.level != "good"]
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(written.path)),
            "first_date": str(content.period.first),
            "last_date": str(content.period.last),
            "purchases": int(content.now["purchases"]),
            "problems": dg.MetadataValue.md("\n".join(f"- {text}" for text in problems) or "none"),
        }
    )
