"""The files by category and region as a Dagster asset."""

import dagster as dg

from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_export import NAME, export_sales

SALES_EXPORT = "sales_export"


@dg.asset(
    name=SALES_EXPORT,
    description="Sales by category and region as a tree of files for other tools, Parquet or CSV as settings say: "
    f"exports/{NAME}/category=…/region=…, one file each with all its days. Unchanged files are not written again.",
    deps=[dg.AssetDep(NAME, partition_mapping=dg.AllPartitionMapping())],
    group_name="sales",
    owners=["team:retail-data"],
    kinds={"parquet"},
    tags={"domain": "sales", "partitions": "none"},
    required_resource_keys={"platform"},
)
def sales_export(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Bring the files up to date."""
    platform: Platform = context.resources.platform
    done = export_sales(platform)
    return dg.MaterializeResult(
        metadata={"location": dg.MetadataValue.path(done.location), "files": done.files, "changed": done.changed}
    )
