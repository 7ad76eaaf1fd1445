"""Attempts: what has been asked for today, so that the sensor of stale partitions asks for nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

import dagster as dg
from dagster._core.execution.stats import StepEventStatus
from dagster._core.storage.tags import RUN_KEY_TAG

from retail_assets.automation.due import DueRun, Tried

SKIPPED = (None, StepEventStatus.SKIPPED)


@dataclass(frozen=True)
class Attempts:
    """The sensor's cursor. Keys are steps and dates, as ``clean_events|2019-10-01``."""

    day: str = ""
    seen: str = ""
    """The state of the platform at the last look, if there was nothing to ask for."""
    tried: Mapping[str, str] = field(default_factory=dict)
    """What was asked for, with the digest of what it would be made from."""
    anticipated: Mapping[str, str] = field(default_factory=dict)
    """What was asked for before its inputs were made, with the key of the run."""

    @classmethod
    def of_day(cls, cursor: str | None, today: str) -> Attempts:
        """Today's attempts; those of another day are forgotten."""
        found = cls(**json.loads(cursor)) if cursor else cls()
        return found if found.day == today else cls(today)

    def text(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))

    def settle(self, instance: dg.DagsterInstance) -> tuple[Attempts, frozenset[str]]:
        """The attempts without what was anticipated of runs that have ended, and what of that was carried out."""
        runs = {key: _latest(instance, key) for key in set(self.anticipated.values())}
        at_work = {key for key, run in runs.items() if run and not run.is_finished}
        done = {key: _steps_carried_out(instance, run) for key, run in runs.items() if run and key not in at_work}
        carried_out = {
            name for name, key in self.anticipated.items() if name.partition("|")[0] in done.get(key, frozenset())
        }
        open_ones = {name: key for name, key in self.anticipated.items() if key in at_work}
        return replace(self, anticipated=open_ones), frozenset(carried_out)

    def after(self, seen: str, outdated: Tried, vain: Iterable[str], asked: Mapping[str, DueRun]) -> Attempts:
        """The attempts once these runs, by run key, have been asked for."""
        still = {name: made for name, made in self.tried.items() if outdated.get(name) == made}
        learned = {name: outdated[name] for name in vain if name in outdated}
        tried = {name: made for run in asked.values() for name, made in run.tried.items()}
        anticipated = {name: key for key, run in asked.items() for name in run.anticipated}
        return Attempts(
            day=self.day,
            seen="" if asked else seen,
            tried={**still, **learned, **tried},
            anticipated={**self.anticipated, **anticipated},
        )


def _latest(instance: dg.DagsterInstance, key: str) -> dg.DagsterRun | None:
    found = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: key}), limit=1)
    return found[0] if found else None


def _steps_carried_out(instance: dg.DagsterInstance, run: dg.DagsterRun) -> frozenset[str]:
    """The steps of a run that were started at all: a failure skips those behind it."""
    return frozenset(found.step_key for found in instance.get_run_step_stats(run.run_id) if found.status not in SKIPPED)
