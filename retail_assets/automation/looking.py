"""Looks at what is stale: what all looks of a tick need to know is asked once, what is dear only where it must be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS, steps_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.attempts import Attempts
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.due import Due, DueRun
from retail_assets.automation.taking_in import INTAKES
from retail_assets.engine.locking import is_held

MOST_RUNS_A_TICK = 20
PROCESS = uuid4().hex
"""Another process may have another version of the code, which makes other partitions stale."""


@dataclass(frozen=True)
class Wanted:
    """What a look is about: steps, and the dates that there are of them. Unset, those that files have landed for."""

    steps: tuple[Step, ...] = STEPS
    known: Collection[str] | None = None


@dataclass(frozen=True)
class Tick:
    """A platform and its runs as they are at one tick of a sensor: asked once, however many looks it takes."""

    instance: dg.DagsterInstance
    platform: Platform
    running: Mapping[str, frozenset[dg.AssetKey] | None]
    """Runs that wait or work, with what they make; None stands for everything."""
    version: str

    @classmethod
    def of(cls, instance: dg.DagsterInstance, platform: Platform) -> Tick | dg.SkipReason:
        """This moment; the reason to wait while a backfill is at work."""
        if is_held(backfill_lock(platform)):
            return dg.SkipReason("`retail backfill` is at work")
        return cls(instance, platform, _unfinished(instance), platform.version())

    def look(self, cursor: str | None, wanted: Callable[[], Wanted]) -> dg.SensorResult | dg.SkipReason:
        """Ask for runs of what is due of ``wanted`` and not being made; the cursor remembers what was tried today.

        ``wanted`` is asked only where something has changed since the look that the cursor is of, which found nothing.
        """
        today = datetime.now(UTC).date().isoformat()
        seen = hashlib.sha256(f"{PROCESS} {sorted(self.running)} {self.version}".encode()).hexdigest()[:24]
        before = Attempts.of_day(cursor, today)
        waiting = dg.SkipReason(f"waiting for {len(self.running)} runs" if self.running else "nothing is due")
        if before.seen == seen:
            return waiting
        attempts, vain = before.settle(self.instance)
        busy = _being_made(self.running.values(), steps_of(self.platform.settings))
        chosen = wanted()
        due = Due(self.platform, busy, attempts.tried, vain, chosen.steps, chosen.known)
        asked = {f"{today} {run.key}": run for run in due.runs()[:MOST_RUNS_A_TICK]}
        return dg.SensorResult(
            run_requests=[_request(key, run) for key, run in asked.items()],
            skip_reason=None if asked else waiting,
            cursor=attempts.after(seen, due.outdated, vain, asked).text(),
        )

    def is_making(self, keys: Collection[dg.AssetKey]) -> bool:
        """Whether a run that waits or works makes any of these assets."""
        return any(chosen is None or not chosen.isdisjoint(keys) for chosen in self.running.values())


def look_for_stale(
    instance: dg.DagsterInstance, platform: Platform, cursor: str | None, wanted: Callable[[], Wanted] = Wanted
) -> dg.SensorResult | dg.SkipReason:
    """The only look of a tick, at the steps of the clickstream unless others are wanted."""
    tick = Tick.of(instance, platform)
    return tick if isinstance(tick, dg.SkipReason) else tick.look(cursor, wanted)


def _request(key: str, run: DueRun) -> dg.RunRequest:
    tags = partitions.range_tags(run.partitioning, run.dates[0], run.dates[-1]) if run.dates else {}
    return dg.RunRequest(
        run_key=key,
        asset_selection=[asset_key(step, output) for step in run.steps for output in step.outputs],
        tags={**tags, "retail/launched_by": "stale_partitions"},
    )


def _unfinished(instance: dg.DagsterInstance) -> dict[str, frozenset[dg.AssetKey] | None]:
    """Runs that wait or work, with what they make; None stands for everything. Those that only take in make nothing."""
    runs = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {
        run.run_id: frozenset(run.asset_selection) if run.asset_selection is not None else None
        for run in runs
        if run.job_name not in INTAKES
    }


def _being_made(selections: Iterable[frozenset[dg.AssetKey] | None], steps: tuple[Step, ...]) -> set[str]:
    """The steps of these that these runs make something of."""
    chosen = list(selections)
    if None in chosen:
        return {step.name for step in steps}
    keys = {key for selection in chosen if selection for key in selection}
    return {step.name for step in steps if any(asset_key(step, output) in keys for output in step.outputs)}
