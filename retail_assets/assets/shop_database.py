"""The shop's database as an asset that nothing here makes, and the extraction that its raw tables start with."""

import dagster as dg

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_errors import S3Error
from retail_assets.sources.postgres.connection import SourceError

SHOP_DATABASE = dg.AssetKey("shop_database")

shop_database = dg.AssetSpec(
    SHOP_DATABASE,
    description="The PostgreSQL of the shop, as the settings RETAIL_SALES_* name it. Its tables are read from one "
    "snapshot; passwords and pictures never are.",
    group_name="sales",
    owners=["team:retail-data"],
    kinds={"postgres"},
)


def extract(platform: Platform) -> None:
    """Take a new snapshot of the shop's tables; a Failure says why where that cannot be."""
    try:
        platform.extraction.take()
    except (SourceError, S3Error) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
