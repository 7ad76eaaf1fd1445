"""Backfills: every stage in order, one Dagster run per contiguous range of dates, only what is missing or stale.

A few new days go through several stages in one run: see ``together``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date

import dagster as dg

from retail_assets.assets.catalogue import FORECASTS, STEPS, marts_of, sales_forecasts, sales_steps
from retail_assets.assets.declared_sources import declared_days, declared_sources, source_steps
from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import is_outdated
from retail_assets.assets.sales_export_asset import SALES_EXPORT
from retail_assets.assets.step import Step
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.backfill_report import BackfillReport, StageReport, blocked_before, broken_stage, not_made
from retail_assets.automation.choice import Chosen, choose, mart_stage, stage_of, within
from retail_assets.automation.forecasting import latest_day
from retail_assets.automation.outcome import reasons
from retail_assets.automation.stages import Stages
from retail_assets.automation.together import groups
from retail_assets.engine.locking import exclusive
from retail_assets.engine.s3_errors import S3Error
from retail_assets.landing.ledger import LandedFile
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.postgres.connection import SourceError


@dataclass(frozen=True)
class Backfill(Stages):
    """A backfill of one platform on its Dagster instance, in this process: all of its stages, in their order."""

    def recorded_version(self) -> str | None:
        """The platform's version, where the instance knows all that is published at it."""
        version, steps = self.platform.version(), (*STEPS, *marts_of(self.platform.settings).steps)
        return version if all(self.know_all_published(step) for step in steps) else None

    def run(
        self,
        first: date | None = None,
        last: date | None = None,
        *,
        force: bool = False,
        include_empty: bool = False,
        forecasts: bool = False,
        asks_sources: bool = True,
        taken: Sequence[LandedFile] | None = None,
    ) -> BackfillReport:
        """Take in pending files, then make what is missing or stale of all landed dates from ``first`` to ``last``.

        Dates of the range that no file has events of are made too, as empty days, with ``include_empty``; without it
        they are only reported. ``force`` makes everything again. ``forecasts`` makes those from the last date as well.
        Without ``asks_sources``, no declared source is asked: what was taken in of them before is made. ``taken`` is
        what became of the pending files where they have just been taken in, by a caller who holds the
        ``backfill_lock`` since.
        """
        is_locked = taken is not None
        with nullcontext() if is_locked else exclusive(backfill_lock(self.platform), "backfilling"):
            if taken is None:
                taken = self.platform.landing.take_in(self.watcher.file)
            report = self._run(first, last, taken, force=force, include_empty=include_empty, asks_sources=asks_sources)
            if not forecasts:
                return report
            return replace(report, stages=(*report.stages, *self._forecasts(first, last, force)))

    def _forecasts(self, first: date | None, last: date | None, force: bool) -> Iterator[StageReport]:
        """The forecasts of the latest day of the range."""
        for steps in (FORECASTS, sales_forecasts() if self.platform.settings.has_sales else ()):
            for step in steps:
                day = latest_day(self.platform, steps[0], first, last)
                yield self.make(stage_of(self.platform, step, Chosen((day,) if day else (), ())), force=force)

    def _run(
        self,
        first: date | None,
        last: date | None,
        taken: Sequence[LandedFile],
        *,
        force: bool,
        include_empty: bool,
        asks_sources: bool,
    ) -> BackfillReport:
        report_landed(self.instance, self.platform, taken)
        chosen = choose(self.platform, first, last, include_empty=include_empty)
        stages = self._clickstream(chosen, force)
        stages += self._sales(first, last, force)
        stages += self._declared(first, last, force, asks_sources)
        stages += self._marts(first, last, force)
        files = {**blocked_before(self.platform), **{entry.name: entry for entry in taken}}
        return BackfillReport(tuple(files.values()), chosen.dates, tuple(stages), chosen.absent)

    def _clickstream(self, chosen: Chosen, force: bool) -> list[StageReport]:
        """The steps of clickstream, group by group; what is new to a group goes through it in one run."""
        reports: dict[Step, StageReport] = {}
        for steps in groups(STEPS):
            ran = {} if force else self.make_together(steps, chosen)
            for step in steps:
                stage = stage_of(self.platform, step, chosen)
                reports[step] = self.make(stage, force=force, before=ran.get(step.name))
        return [reports[step] for step in STEPS]

    def _sales(self, first: date | None, last: date | None, force: bool) -> list[StageReport]:
        """Extract the shop's tables, where there is a database, and make every day of sales within the range."""
        if not self.platform.settings.has_sales:
            return []
        tables, *others = sales_steps()
        try:
            if self.platform.settings.sales.is_configured:
                self.platform.extraction.take()
            stages = [self.make(stage_of(self.platform, tables, Chosen((), ())), force=force)]
        except (SourceError, S3Error) as error:
            return [not_made(tables.name, str(error))]
        for step in others:
            days = Chosen(within(known_days(self.platform), first, last), ())
            stages.append(self.make(stage_of(self.platform, step, days), force=force))
        return [*stages, self._export()]

    def _declared(self, first: date | None, last: date | None, force: bool, asks: bool) -> list[StageReport]:
        """Take in what declared sources have now, and make what is missing or stale; one that fails stops none."""
        sources = declared_sources(self.platform.settings)
        stages = [not_made(source.name, source.problem) for source in sources.broken]
        for source in sources.sound:
            intake = self.platform.intake(source.name)
            try:
                state = intake.take() if asks else intake.latest()
            except (SourceUnavailable, S3Error) as error:
                stages.append(not_made(source.name, str(error)))
                continue
            for step in source_steps(source) if state.parts else ():
                days = Chosen(within(declared_days(self.platform, step), first, last), ())
                stages.append(self.make(stage_of(self.platform, step, days), force=force))
        return stages

    def _marts(self, first: date | None, last: date | None, force: bool) -> list[StageReport]:
        """The marts, upstream first."""
        marts = marts_of(self.platform.settings)
        stages = [self.make(mart_stage(self.platform, step, first, last), force=force) for step in marts.steps]
        return [*stages, *map(broken_stage, marts.broken)]

    def _export(self) -> StageReport:
        """The files by category and region, where they are not up to date."""
        if not is_outdated(self.platform):
            return StageReport(SALES_EXPORT, up_to_date=1, made=0)
        result = self.run_assets([dg.AssetKey(SALES_EXPORT)])
        failed = () if result.success else ("all",)
        return StageReport(
            SALES_EXPORT, 0, made=1 - len(failed), failed=failed, reasons=tuple(reasons(result)) if failed else ()
        )
