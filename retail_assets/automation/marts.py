"""Marts without a hand on the keyboard: a mart is due when what it reads has changed, or its SQL."""

import dagster as dg

from retail_assets.assets.catalogue import marts_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.marts import is_ready, mart_dates
from retail_assets.assets.platform import Platform
from retail_assets.automation.looking import Wanted, look_for_stale
from retail_assets.automation.switched_on import sensor_status
from retail_assets.settings import Settings


def mart_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor of the marts, on or off as the settings say; none where there are no marts.

    It is one of its own, so that a mart that fails takes nothing else along.
    """
    keys = {asset_key(step, output) for step in marts_of(settings).steps for output in step.outputs}
    if not keys:
        return []

    @dg.sensor(
        asset_selection=dg.AssetSelection.assets(*sorted(keys)),
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=sensor_status(settings),
        required_resource_keys={"platform"},
        description="Makes what is missing or stale of the marts: the dates whose inputs have changed, and all dates "
        "of a mart whose SQL has.",
    )
    def stale_marts(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return look_for_stale_marts(context.instance, context.resources.platform, context.cursor, keys)

    return [stale_marts]


def look_for_stale_marts(
    instance: dg.DagsterInstance, platform: Platform, cursor: str | None, loaded: set[dg.AssetKey]
) -> dg.SensorResult | dg.SkipReason:
    """Ask for runs of the marts that are due; of those that are new to the definitions, once these are reloaded."""

    def wanted() -> Wanted:
        steps = [step for step in marts_of(platform.settings).steps if asset_key(step, step.outputs[0]) in loaded]
        ready = tuple(step for step in steps if step.partitioning == "date" or is_ready(platform, step))
        return Wanted(ready, sorted({day for step in ready for day in mart_dates(platform, step)}))

    return look_for_stale(instance, platform, cursor, wanted)
