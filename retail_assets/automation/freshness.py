"""The freshness check: names the days that never came or never got through."""

from datetime import UTC, date, datetime

import dagster as dg

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.checks.freshness import Freshness, freshness
from retail_assets.contracts import contract
from retail_assets.engine.partition import dates_of

MOST_NAMED = 20


@dg.asset_check(
    asset=asset_key(step_of("data_quality"), "data_quality"),
    name="freshness",
    description="Every date from the first to the last has landed and has features; the last is recent. Warns only.",
    required_resource_keys={"platform"},
)
def freshness_check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Compare the dates that landed with the dates that features has."""
    platform: Platform = context.op_execution_context.resources.platform
    features = platform.stores["lake"].dataset(contract("features"))
    published = dates_of(features.partitions)
    found = freshness(platform.landing.dates(), published, datetime.now(UTC).date())
    limit = platform.settings.freshness_days
    is_late = limit is not None and found.age_days is not None and found.age_days > limit
    return dg.AssetCheckResult(
        passed=found.is_complete and not is_late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=_metadata(found),
    )


def _metadata(found: Freshness) -> dict[str, str | int]:
    values: dict[str, str | int] = {"last_date": str(found.last), "age_days": found.age_days or 0}
    named = {"days_that_never_came": found.never_came, "landed_but_not_published": found.not_published}
    return values | {name: _listed(days) for name, days in named.items() if days}


def _listed(days: tuple[date, ...]) -> str:
    shown = ", ".join(day.isoformat() for day in days[:MOST_NAMED])
    return shown if len(days) <= MOST_NAMED else f"{shown} and {len(days) - MOST_NAMED} more"
