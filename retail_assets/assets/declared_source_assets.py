"""Declared sources in Dagster: what a run takes in first, and assets that stand for sources that cannot be."""

from __future__ import annotations

import dagster as dg

from retail_assets.assets.platform import Platform
from retail_assets.engine.s3_errors import S3Error
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.declared.source import GROUP, BrokenSource


def take_in_source(platform: Platform, name: str) -> None:
    """Take in what is new of a source; a Failure says why where that cannot be."""
    try:
        platform.intake(name).take()
    except (SourceUnavailable, S3Error) as error:
        raise dg.Failure(f"{error}\nWhat was published of {name} stays.", allow_retries=False) from error


def broken_source_asset(source: BrokenSource) -> dg.AssetsDefinition:
    """An asset that shows a source with what is wrong with it, and says so when it is run."""

    @dg.asset(
        name=source.name,
        group_name=GROUP,
        description=f"**Broken, and not made.** {source.problem}\n\nWhat was published of it before stays.",
        tags={"broken": "true"},
    )
    def broken() -> None:
        raise dg.Failure(f"{source.problem}\nMend it, then reload the definitions.", allow_retries=False)

    return broken
