"""A mart that cannot be made, as an asset: the UI shows it with what is wrong, and a run of it says so too."""

from __future__ import annotations

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.marts.mart import GROUP, BrokenMart


def broken_mart_asset(mart: BrokenMart) -> dg.AssetsDefinition:
    """The asset that stands for a broken mart. Others that read it keep the partitions that it had."""
    is_dated = mart.contract is not None and bool(mart.contract.partition_columns)
    purpose = f"\n\n{mart.contract.purpose}" if mart.contract else ""

    @dg.asset(
        name=mart.name,
        group_name=GROUP,
        description=f"**Broken, and not made.** {mart.error}\n\nWhat was published of it before stays.{purpose}",
        kinds={"duckdb", "parquet"},
        tags={"broken": "true"},
        partitions_def=partitions.by_date() if is_dated else None,
        backfill_policy=dg.BackfillPolicy.single_run() if is_dated else None,
    )
    def broken() -> None:
        raise dg.Failure(f"{mart.error}. Mend the file, then reload the definitions.", allow_retries=False)

    return broken
