"""The platform's sensors at work without a daemon: their ticks are real, and so are the runs that they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.storage.tags import RUN_KEY_TAG

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.partitions import RANGE_END, RANGE_START
from retail_assets.automation.stages import QUIET
from retail_assets_tests.end_to_end.running import Runner

SENSORS = ("new_files", "stale_partitions")


@dataclass(frozen=True)
class Asked:
    """A run that a sensor asked for: the steps that it makes, from which partition to which."""

    steps: tuple[str, ...]
    first: str = ""
    last: str = ""


@dataclass
class Following:
    """Ticks of both sensors in turn, each run made before the next; cursors and run keys are kept as by a daemon."""

    runner: Runner
    cursors: dict[str, str | None] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    skipped: dict[str, str | None] = field(default_factory=dict)

    def tick(self, sensor: str) -> list[dg.RunRequest]:
        """One tick: the runs that it asks for and that were never asked for before."""
        definitions = self.runner.definitions
        context = dg.build_sensor_context(
            instance=self.runner.instance,
            cursor=self.cursors.get(sensor),
            definitions=definitions,
            resources={"platform": self.runner.platform},
        )
        found = definitions.resolve_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = found.cursor or self.cursors.get(sensor)
        self.skipped[sensor] = found.skip_message
        fresh = [request for request in found.run_requests or [] if request.run_key not in self.keys]
        self.keys |= {request.run_key for request in fresh if request.run_key}
        return fresh

    def follow(self, most: int = 30) -> list[Asked]:
        """Tick until nothing is asked for any more; returns the runs in their order."""
        asked: list[Asked] = []
        for _ in range(most):
            requests = [(sensor, request) for sensor in SENSORS for request in self.tick(sensor)]
            if not requests:
                return asked
            asked += [self.make(sensor, request) for sensor, request in requests]
        raise AssertionError(f"the sensors never come to rest: {asked}")

    def make(self, sensor: str, request: dg.RunRequest) -> Asked:
        """The run of a request."""
        if sensor == "new_files":
            job = self.runner.definitions.resolve_job_def("take_in_files")
            job.execute_in_process(instance=self.runner.instance, raise_on_error=False)
            return Asked(("take_in_files",))
        self.runner.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.runner.instance,
            asset_selection=list(request.asset_selection or ()),
            tags={**request.tags, RUN_KEY_TAG: request.run_key or ""},
            run_config=QUIET,
            raise_on_error=False,
        )
        first, last = (request.tags.get(tag, "") for tag in (RANGE_START, RANGE_END))
        return Asked(_steps(request.asset_selection or ()), first, last)


def _steps(keys: Sequence[dg.AssetKey]) -> tuple[str, ...]:
    return tuple(step.name for step in STEPS if asset_key(step, step.outputs[0]) in keys)
