"""Backfills: every stage in order, one Dagster run per contiguous range of dates, only what is missing or stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import FORECASTS, STEPS, marts_of, sales_forecasts, sales_steps
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.declared_sources import declared_days, declared_sources, source_steps
from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import is_outdated
from retail_assets.assets.sales_export_asset import SALES_EXPORT
from retail_assets.assets.step import Step
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.backfill_report import BackfillReport, StageReport, blocked_before, broken_stage, not_made
from retail_assets.automation.choice import Chosen, Stage, choose, mart_stage, stage_of, within
from retail_assets.automation.forecasting import latest_day
from retail_assets.automation.ranges import consecutive
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.engine.s3_errors import S3Error
from retail_assets.landing.ledger import LandedFile
from retail_assets.landing.progress import Tell
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.postgres.connection import SourceError

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Watcher:
    """What a backfill tells while it works; each may be None."""

    file: Tell | None = None
    stage: Callable[[str, int], None] | None = None
    """Called with a step's name and the number of partitions that it is about to make."""


@dataclass(frozen=True)
class Backfill:
    """A backfill of one platform on its Dagster instance, in this process."""

    platform: Platform
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    watcher: Watcher = field(default_factory=Watcher)

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
                yield self._stage(stage_of(self.platform, step, Chosen((day,) if day else (), ())), force)

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
        stages = [self._stage(stage_of(self.platform, step, chosen), force) for step in STEPS]
        stages += self._sales(first, last, force)
        stages += self._declared(first, last, force, asks_sources)
        stages += self._marts(first, last, force)
        files = {**blocked_before(self.platform), **{entry.name: entry for entry in taken}}
        return BackfillReport(tuple(files.values()), chosen.dates, tuple(stages), chosen.absent)

    def _sales(self, first: date | None, last: date | None, force: bool) -> list[StageReport]:
        """Extract the shop's tables, where there is a database, and make every day of sales within the range."""
        if not self.platform.settings.has_sales:
            return []
        tables, *others = sales_steps()
        try:
            if self.platform.settings.sales.is_configured:
                self.platform.extraction.take()
            stages = [self._stage(stage_of(self.platform, tables, Chosen((), ())), force)]
        except (SourceError, S3Error) as error:
            return [not_made(tables.name, str(error))]
        for step in others:
            days = Chosen(within(known_days(self.platform), first, last), ())
            stages.append(self._stage(stage_of(self.platform, step, days), force))
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
                stages.append(self._stage(stage_of(self.platform, step, days), force))
        return stages

    def _marts(self, first: date | None, last: date | None, force: bool) -> list[StageReport]:
        """The marts, upstream first."""
        marts = marts_of(self.platform.settings)
        stages = [self._stage(mart_stage(self.platform, step, first, last), force) for step in marts.steps]
        return [*stages, *map(broken_stage, marts.broken)]

    def _export(self) -> StageReport:
        """The files by category and region, where they are not up to date."""
        if not is_outdated(self.platform):
            return StageReport(SALES_EXPORT, up_to_date=1, made=0)
        result = self._run_assets([dg.AssetKey(SALES_EXPORT)])
        failed = () if result.success else ("all",)
        return StageReport(
            SALES_EXPORT, 0, made=1 - len(failed), failed=failed, reasons=tuple(_reasons(result)) if failed else ()
        )

    def _stage(self, stage: Stage, force: bool) -> StageReport:
        step, todo = stage.step, list(stage.ready)
        if not force:
            todo = self._todo(step, todo)
        if todo and self.watcher.stage:
            self.watcher.stage(step.name, len(todo))
        failed: list[str] = []
        reasons: list[str] = []
        for days in consecutive(todo):
            result = self._launch(step, days)
            if not result.success:
                failed.extend(self._unmade(step, [item for item in todo if not days or item.get("date") in days]))
                reasons.extend(_reasons(result))
        return StageReport(
            step=step.name,
            up_to_date=len(stage.ready) - len(todo),
            made=len(todo) - len(failed),
            failed=tuple(failed),
            without_input=stage.without_input,
            reasons=tuple(reasons),
        )

    def _unmade(self, step: Step, asked: list[Partition]) -> list[str]:
        """What a failed run left undone; all of it where it published everything but did not end well."""
        return [partition.key for partition in self._todo(step, asked) or asked]

    def _todo(self, step: Step, ready: list[Partition]) -> list[Partition]:
        """What is stale in the store, or unknown to the instance that the UI shows."""
        outdated, recorded = set(stale(self.platform, step, ready)), self._recorded(step)
        return [partition for partition in ready if partition in outdated or partition.key not in recorded]

    def _recorded(self, step: Step) -> set[str]:
        key = asset_key(step, step.outputs[0])
        if step.partitioning == "none":
            return {"all"} if self.instance.get_latest_materialization_event(key) else set()
        return self.instance.get_materialized_partitions(key)

    def recorded_version(self) -> str | None:
        """The platform's version, where the instance knows all that is published at it."""
        version, steps = self.platform.version(), (*STEPS, *marts_of(self.platform.settings).steps)
        return version if all(self._published(step) <= self._recorded(step) for step in steps) else None

    def _published(self, step: Step) -> set[str]:
        return {item.key for item in self.platform.store(step).published(step.contracts()[0])}

    def _launch(self, step: Step, days: Sequence[str]) -> dg.ExecuteInProcessResult:
        """One run of all partitions of these consecutive days."""
        tags = partitions.range_tags(step.partitioning, days[0], days[-1]) if days else {}
        return self._run_assets([asset_key(step, output) for output in step.outputs], tags)

    def _run_assets(
        self, keys: Sequence[dg.AssetKey], tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """One run of these assets; KeyboardInterrupt where Ctrl-C ended it, which is more than a run that failed."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            asset_selection=keys,
            tags={**(tags or {}), "retail/launched_by": "backfill"},
            run_config=QUIET,
            raise_on_error=False,
        )
        if _was_interrupted(result):
            raise KeyboardInterrupt
        return result


def _reasons(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why a run failed: the verdicts of its checks, which it raises as a Failure, or the error behind all others."""
    reasons: list[str] = []
    for event in result.filter_events(lambda event: event.is_step_failure):
        failure = event.step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            lines = failure.user_failure_data.description.splitlines()
            reasons.extend(lines[1:] or lines)
        elif errors := list(_causes(failure.error)):
            reasons.append(errors[-1].message.strip().partition("\n")[0])
    return reasons or [f"run {result.run_id} ended without a reason: see it in the UI"]


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Whether somebody pressed Ctrl-C: Dagster and DuckDB each make an error of their own of it."""
    return any(
        error.cls_name in INTERRUPTIONS or "Query interrupted" in error.message
        for event in result.filter_events(lambda event: event.is_step_failure)
        for error in _causes(event.step_failure_data.error)
    )


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    """The error and those behind it, the first one last."""
    while error:
        yield error
        error = error.cause
