"""The stages of a backfill: what is missing or stale of one step, made in Dagster runs of consecutive days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from retail_assets.assets import partitions
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.materialization import stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step, of_dates
from retail_assets.automation.backfill_report import StageReport
from retail_assets.automation.choice import Chosen, Stage, stage_of
from retail_assets.automation.outcome import failed_steps, reasons, was_interrupted
from retail_assets.automation.ranges import consecutive
from retail_assets.automation.together import Ran, new_days
from retail_assets.engine.partition import Partition
from retail_assets.landing.progress import Tell

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Watcher:
    """What a backfill tells while it works; each may be None."""

    file: Tell | None = None
    stage: Callable[[str, int], None] | None = None
    """Called with a step's name and the number of partitions that it is about to make."""


@dataclass(frozen=True)
class Stages:
    """Makes the partitions of one step after another on a Dagster instance, in this process."""

    platform: Platform
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    watcher: Watcher = field(default_factory=Watcher)

    def make(self, stage: Stage, *, force: bool = False, before: Ran | None = None) -> StageReport:
        """Make what is missing or stale of a stage; with ``force``, all of it. ``before`` became of it already."""
        step, ran = stage.step, before or Ran()
        todo = list(stage.ready) if force else self._left(stage, ran)
        failed, why = list(ran.failed), list(ran.reasons)
        self._tell(step, todo)
        for days in consecutive(todo):
            result = self._launch([step], days)
            if not result.success:
                failed.extend(self._unmade(step, [item for item in todo if not days or item.get("date") in days]))
                why.extend(reasons(result))
        tried = len(todo) + ran.made + len(ran.failed)
        return StageReport(
            step=step.name,
            up_to_date=len(stage.ready) - tried,
            made=tried - len(failed),
            failed=tuple(failed),
            without_input=stage.without_input,
            reasons=tuple(why),
        )

    def make_together(self, steps: Sequence[Step], chosen: Chosen) -> dict[str, Ran]:
        """Make in one run what must be made of several steps whatever comes; what became of each, by name.

        That is what is missing of unpartitioned ones, which do not read each other; or a few days that are new to all.
        """
        first, *_ = steps
        is_dated = first.partitioning != "none"
        leading = steps[:1] if is_dated else steps
        todo = {step: self._todo(step, stage_of(self.platform, step, chosen).ready) for step in leading}
        days = new_days(self.platform, steps, todo[first]) if is_dated else []
        wanted = {step: of_dates(step.partitioning, days) for step in steps} if is_dated else todo
        asked = {step: items for step, items in wanted.items() if items}
        ran = {step.name: Ran(left=tuple(left)) for step, left in todo.items()}
        if len(asked) < 2:
            return ran
        self._tell(*next(iter(asked.items())))  # the others tell of themselves, once it is their turn
        result = self._launch(list(asked), days)
        return ran | {step.name: self._ran(step, items, result, is_all=step in todo) for step, items in asked.items()}

    def run_assets(
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
        if was_interrupted(result):
            raise KeyboardInterrupt
        return result

    def know_all_published(self, step: Step) -> bool:
        """Whether the instance has a record of every published partition of the step."""
        published = {item.key for item in self.platform.store(step).published(step.contracts()[0])}
        return published <= self._recorded(step)

    def _ran(self, step: Step, asked: Sequence[Partition], result: dg.ExecuteInProcessResult, *, is_all: bool) -> Ran:
        """What became of a step in a run of several; what it did not come to is left to be tried apart.

        ``is_all`` says that no more was to be made of it.
        """
        if result.success:
            return Ran(made=len(asked), left=() if is_all else None)
        if step.name not in failed_steps(result):
            return Ran(made=len(asked) - len(self._todo(step, asked)))
        unmade = self._unmade(step, asked)
        return Ran(len(asked) - len(unmade), tuple(unmade), tuple(reasons(result, step.name)))

    def _left(self, stage: Stage, ran: Ran) -> list[Partition]:
        """What is to be made of the stage but for what has failed just now."""
        todo = self._todo(stage.step, stage.ready) if ran.left is None else ran.left
        return [partition for partition in todo if partition.key not in ran.failed]

    def _unmade(self, step: Step, asked: Sequence[Partition]) -> list[str]:
        """What a failed run left undone; all of it where it published everything but did not end well."""
        return [partition.key for partition in self._todo(step, asked) or asked]

    def _todo(self, step: Step, ready: Sequence[Partition]) -> list[Partition]:
        """What is stale in the store, or unknown to the instance that the UI shows."""
        outdated, recorded = set(stale(self.platform, step, ready)), self._recorded(step)
        return [partition for partition in ready if partition in outdated or partition.key not in recorded]

    def _recorded(self, step: Step) -> set[str]:
        key = asset_key(step, step.outputs[0])
        if step.partitioning == "none":
            return {"all"} if self.instance.get_latest_materialization_event(key) else set()
        return self.instance.get_materialized_partitions(key)

    def _launch(self, steps: Sequence[Step], days: Sequence[str]) -> dg.ExecuteInProcessResult:
        """One run of all partitions of these consecutive days."""
        tags = partitions.range_tags(steps[0].partitioning, days[0], days[-1]) if days else {}
        return self.run_assets([asset_key(step, output) for step in steps for output in step.outputs], tags)

    def _tell(self, step: Step, wanted: Sequence[Partition]) -> None:
        if wanted and self.watcher.stage:
            self.watcher.stage(step.name, len(wanted))
