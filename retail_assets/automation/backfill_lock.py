"""The lock of backfills. Without Dagster, which is still being loaded while a backfill takes files in."""

from __future__ import annotations

from pathlib import Path

from retail_assets.assets.platform import Platform


def backfill_lock(platform: Platform) -> Path:
    """The lock that a backfill holds while it works: two over the same platform go one after the other."""
    return platform.settings.data_dir / ".backfill.lock"
