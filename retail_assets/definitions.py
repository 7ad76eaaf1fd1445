"""The whole platform on one screen: every asset, check and resource, for the environment that the settings name."""

from __future__ import annotations

import dagster as dg

from retail_assets.assets.broken_mart import broken_mart_asset
from retail_assets.assets.catalogue import marts_of, steps_of
from retail_assets.assets.dataset_asset import dataset_asset
from retail_assets.assets.declared_source_assets import broken_source_asset
from retail_assets.assets.declared_sources import declared_sources
from retail_assets.assets.landed_files import blocked_files_check, landed_files
from retail_assets.assets.platform import Platform
from retail_assets.assets.report_asset import retail_report
from retail_assets.assets.sales_export_asset import sales_export
from retail_assets.assets.shop_database import shop_database
from retail_assets.assets.version_asset import retail_aggregates
from retail_assets.automation.alerts import failure_alerts
from retail_assets.automation.declared_sources import declared_schedules, declared_sensors
from retail_assets.automation.forecasting import forecast_schedules
from retail_assets.automation.freshness import freshness_check
from retail_assets.automation.marts import mart_sensors
from retail_assets.automation.reporting import daily_report
from retail_assets.automation.sales import sales_schedules, sales_sensors
from retail_assets.automation.sensors import automation_sensors
from retail_assets.automation.taking_in import daily_landing, take_in_files
from retail_assets.lake.io_manager import LakeIOManager
from retail_assets.lake.opening import root_of
from retail_assets.settings import Settings, settings
from retail_assets.warehouse.opening import warehouse_io_manager


def platform_definitions(chosen: Settings) -> dg.Definitions:
    """The platform's definitions for these settings."""
    return dg.Definitions(
        assets=[
            landed_files,
            *(dataset_asset(step) for step in steps_of(chosen)),
            *(broken_mart_asset(mart) for mart in marts_of(chosen).broken),
            *(broken_source_asset(source) for source in declared_sources(chosen).broken),
            retail_aggregates,
            retail_report,
            *([shop_database] if chosen.has_sales else []),
            *([sales_export] if chosen.has_sales else []),
        ],
        asset_checks=[blocked_files_check, freshness_check],
        jobs=[take_in_files],
        sensors=[
            *automation_sensors(chosen),
            *sales_sensors(chosen),
            *declared_sensors(chosen),
            *mart_sensors(chosen),
            failure_alerts(chosen),
        ],
        schedules=[
            daily_landing(chosen),
            *sales_schedules(chosen),
            *declared_schedules(chosen),
            *forecast_schedules(chosen),
            daily_report(chosen),
        ],
        resources={
            "platform": Platform.of(chosen),
            "lake": LakeIOManager(
                root=root_of(chosen), s3=chosen.s3.model_dump(mode="json", exclude_unset=True, exclude_none=True)
            ),
            "warehouse": warehouse_io_manager(chosen),
        },
        executor=dg.in_process_executor,
    )


defs = platform_definitions(settings())
