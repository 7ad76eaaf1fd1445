"""``python -m benchmarks.looking FILE look|follow``: ticks of the sensors, and the runs that they ask for, timed."""

from __future__ import annotations

import sys
from pathlib import Path

import dagster as dg

from benchmarks.timing import Parts
from retail_assets.assets.platform import Platform
from retail_assets.automation.looking import look_for_stale
from retail_assets.automation.sensors import look_for_files
from retail_assets.automation.stages import QUIET
from retail_assets.automation.taking_in import take_in_files
from retail_assets.definitions import platform_definitions
from retail_assets.settings import settings

FIRST_LOOK, LOOK = "first look of a process", "look, nothing new"
LOOK_WITH_NEW, TAKE_IN, LOOK_AFTER = "look, new objects", "the run that takes them in", "look after it"
STALE_LOOK, STALE_RUN = "look for what is stale", "run of what is stale"


def look(platform: Platform, instance: dg.DagsterInstance, parts: Parts) -> None:
    """Looks that find nothing new."""
    for name in (FIRST_LOOK, LOOK, LOOK):
        found = parts.time(name, lambda: look_for_files(instance, platform))
        if not isinstance(found, dg.SkipReason) or found.skip_message != "no new file":
            raise RuntimeError(f"the ledger does not know all objects: {found}")


def follow(platform: Platform, instance: dg.DagsterInstance, parts: Parts) -> None:
    """From new objects to the warehouse."""
    definitions = platform_definitions(platform.settings)
    asked = parts.time(LOOK_WITH_NEW, lambda: look_for_files(instance, platform))
    if not isinstance(asked, dg.SensorResult):
        raise RuntimeError(f"no run was asked for: {asked}")
    job = definitions.resolve_job_def(take_in_files.name)
    parts.time(TAKE_IN, lambda: job.execute_in_process(instance=instance))
    parts.time(LOOK_AFTER, lambda: look_for_files(instance, platform))
    everything, cursor = definitions.resolve_implicit_global_asset_job_def(), None
    while True:
        found = parts.time(STALE_LOOK, lambda seen=cursor: look_for_stale(instance, platform, seen))
        if not isinstance(found, dg.SensorResult) or not found.run_requests:
            return
        cursor = found.cursor
        for request in found.run_requests:
            chosen = {"asset_selection": list(request.asset_selection or ()), "tags": request.tags}
            parts.time(
                STALE_RUN,
                lambda chosen=chosen: everything.execute_in_process(instance=instance, run_config=QUIET, **chosen),
            )


if __name__ == "__main__":
    target, what = Path(sys.argv[1]), {"look": look, "follow": follow}[sys.argv[2]]
    timed = Parts()
    with dg.DagsterInstance.ephemeral() as ephemeral:
        what(Platform.of(settings()), ephemeral, timed)
    timed.write(target)
