"""Whether a backfill would find nothing to do, told without Dagster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from retail_assets.assets.catalogue import STEPS, marts_of
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill_report import BackfillReport, StageReport, blocked_before, broken_stage
from retail_assets.automation.choice import Stage, choose, mart_stage, stage_of
from retail_assets.automation.recorded import is_recorded


def settled(
    platform: Platform, home: Path, first: date | None, last: date | None, *, include_empty: bool
) -> BackfillReport | None:
    """What a backfill would report where no file is pending, if all is up to date and recorded at ``home``.

    Not of a platform with sales or declared sources: only these themselves know whether they have something new.
    """
    if platform.landing.storage.is_unsettled or not is_recorded(home, platform.version()):
        return None
    chosen = choose(platform, first, last, include_empty=include_empty)
    marts = marts_of(platform.settings)
    wanted = [stage_of(platform, step, chosen) for step in STEPS]
    wanted += [mart_stage(platform, step, first, last) for step in marts.steps]
    stages = (*_settled_stages(platform, wanted), *map(broken_stage, marts.broken))
    if len(stages) < len(wanted) + len(marts.broken):
        return None
    return BackfillReport(tuple(blocked_before(platform).values()), chosen.dates, stages, chosen.absent)


def _settled_stages(platform: Platform, wanted: Iterable[Stage]) -> Iterator[StageReport]:
    """The stages up to the first one that has something to do."""
    for stage in wanted:
        if stale(platform, stage.step, stage.ready):
            return
        yield StageReport(stage.step.name, up_to_date=len(stage.ready), made=0, without_input=stage.without_input)
