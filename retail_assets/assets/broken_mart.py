"""A mart that cannot be made, as an asset: the UI shows it with what is wrong, and a run of it says so too."""

from __future__ import annotations

import re
import zlib

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.marts.mart import GROUP, BrokenMart


def broken_mart_asset(mart: BrokenMart) -> dg.AssetsDefinition:
    """The asset that stands for a broken mart. Others that read it keep the partitions that it had."""
    is_dated = mart.contract is not None and bool(mart.contract.partition_columns)
    purpose = f"\n\n{mart.contract.purpose}" if mart.contract else ""

    @dg.asset(
        key=_key(mart),
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


def _key(mart: BrokenMart) -> dg.AssetKey:
    """Its name; below ``marts`` where another asset has it, with a number where Dagster could not take it as it is."""
    if mart.is_named:
        return dg.AssetKey(mart.name)
    plain = re.sub(r"[^A-Za-z0-9_]", "_", mart.name)
    return dg.AssetKey([GROUP, plain if plain == mart.name else f"{plain}_{zlib.crc32(mart.name.encode())}"])
