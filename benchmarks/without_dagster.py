"""Take in what landed and make every step for every date, with no Dagster around: what a backfill's queries cost."""

from __future__ import annotations

from retail_assets.assets import partitions
from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.materialization import materialize, runnable
from retail_assets.assets.platform import Platform
from retail_assets.settings import settings


def main() -> None:
    """Work on the platform that RETAIL_DATA_DIR names."""
    platform = Platform.local(settings())
    platform.landing.take_in()
    dates = platform.landing.dates()
    for step in STEPS:
        wanted = runnable(platform, step, partitions.of_dates(step.partitioning, dates))
        for made in materialize(platform, step, platform.inputs(step), wanted):
            if not made.published:
                raise RuntimeError(f"{step.name}: {made.partition.key} was not published: {made.verdicts}")


if __name__ == "__main__":
    main()
