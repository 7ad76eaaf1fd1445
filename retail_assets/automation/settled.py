"""Whether a backfill would find nothing to do, told without Dagster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.declared_sources import has_declared_sources
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill_report import BackfillReport, StageReport, blocked_before
from retail_assets.automation.choice import Chosen, choose, stage_of
from retail_assets.automation.recorded import is_recorded


def settled(
    platform: Platform, home: Path, first: date | None, last: date | None, *, include_empty: bool
) -> BackfillReport | None:
    """What a backfill would report, where no file is pending and all is up to date and recorded at ``home``."""
    landing = platform.landing
    if platform.settings.has_sales or has_declared_sources(platform.settings):  # only the sources themselves know
        return None
    if landing.pending() or landing.storage.is_unsettled or not is_recorded(home, platform.version()):
        return None
    chosen = choose(platform, first, last, include_empty=include_empty)
    stages = tuple(_settled_stages(platform, chosen))
    if len(stages) < len(STEPS):
        return None
    return BackfillReport(tuple(blocked_before(platform).values()), chosen.dates, stages, chosen.absent)


def _settled_stages(platform: Platform, chosen: Chosen) -> Iterator[StageReport]:
    """The stages up to the first one that has something to do."""
    for step in STEPS:
        stage = stage_of(platform, step, chosen)
        if stale(platform, step, stage.ready):
            return
        yield StageReport(step.name, up_to_date=len(stage.ready), made=0, without_input=stage.without_input)
