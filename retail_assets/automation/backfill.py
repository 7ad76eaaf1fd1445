"""Backfills: every stage in order, one Dagster run per contiguous range of dates, only what is missing or stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import ON_DEMAND, STEPS, sales_steps
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.landed_files import report_landed
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import is_outdated
from retail_assets.assets.sales_export_asset import SALES_EXPORT
from retail_assets.assets.step import Step
from retail_assets.automation.backfill_report import BackfillReport, StageReport, blocked_before
from retail_assets.automation.choice import Chosen, Stage, choose, stage_of, within
from retail_assets.automation.ranges import consecutive
from retail_assets.engine.locking import exclusive
from retail_assets.engine.partition import Partition
from retail_assets.landing.progress import Tell
from retail_assets.sources.postgres.connection import SourceError

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def backfill_lock(platform: Platform) -> Path:
    """The lock that a backfill holds while it works: two over the same platform go one after the other."""
    return platform.settings.data_dir / ".backfill.lock"


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
        self, first: date | None = None, last: date | None = None, *, force: bool = False, include_empty: bool = False
    ) -> BackfillReport:
        """Take in pending files, then make what is missing or stale of all landed dates from ``first`` to ``last``.

        Dates of the range that no file has events of are made too, as empty days, with ``include_empty``; without it
        they are only reported. ``force`` makes everything again.
        """
        with exclusive(backfill_lock(self.platform), "backfilling"):
            return self._run(first, last, force=force, include_empty=include_empty)

    def run_on_demand(self, day: date) -> list[StageReport]:
        """Make what is missing or stale of a day of the steps that no other backfill makes: the forecasts."""
        chosen = Chosen((day.isoformat(),), ())
        with exclusive(backfill_lock(self.platform), "backfilling"):
            return [self._stage(stage_of(self.platform, step, chosen), force=False) for step in ON_DEMAND]

    def _run(self, first: date | None, last: date | None, *, force: bool, include_empty: bool) -> BackfillReport:
        taken = self.platform.landing.take_in(self.watcher.file)
        report_landed(self.instance, self.platform, taken)
        chosen = choose(self.platform, first, last, include_empty=include_empty)
        stages = [self._stage(stage_of(self.platform, step, chosen), force) for step in STEPS]
        stages += self._sales(first, last, force)
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
        except (SourceError, ModuleNotFoundError) as error:
            return [StageReport(tables.name, 0, 0, failed=("all",), reasons=(str(error),))]
        stages = [self._stage(stage_of(self.platform, tables, Chosen((), ())), force)]
        for step in others:
            days = Chosen(within(known_days(self.platform), first, last), ())
            stages.append(self._stage(stage_of(self.platform, step, days), force))
        return [*stages, self._export()]

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
            if _was_interrupted(result):
                raise KeyboardInterrupt
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
        version = self.platform.version()
        return version if all(self._published(step) <= self._recorded(step) for step in STEPS) else None

    def _published(self, step: Step) -> set[str]:
        return {item.key for item in self.platform.store(step).published(step.contracts()[0])}

    def _launch(self, step: Step, days: Sequence[str]) -> dg.ExecuteInProcessResult:
        """One run of all partitions of these consecutive days."""
        tags = partitions.range_tags(step.partitioning, days[0], days[-1]) if days else {}
        return self._run_assets([asset_key(step, output) for output in step.outputs], tags)

    def _run_assets(
        self, keys: Sequence[dg.AssetKey], tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=keys,
            tags={**(tags or {}), "retail/launched_by": "backfill"},
            run_config=QUIET,
            raise_on_error=False,
        )


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
