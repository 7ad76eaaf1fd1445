"""A small synthetic shop, built: six weeks of it, with a day that is missing."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop
from retail_assets_tests.building import build

FIRST, LAST = date(2019, 10, 28), date(2019, 12, 8)
MISSING = date(2019, 11, 13)


def shop_settings(folder: Path) -> Settings:
    """Settings of the shop's platform."""
    return Settings(data_dir=folder, threads=2, memory_limit_mb=512)


def build_shop(folder: Path, events: int = 30_000) -> Settings:
    """Generate, land and build the shop; returns its settings."""
    settings = shop_settings(folder)
    truth = generate_shop(ShopPlan(events, FIRST, LAST, seed=7), folder / "generated")
    settings.landing_dir.mkdir(parents=True)
    for file in truth.files:
        if MISSING.isoformat() not in file.name:
            shutil.copy(folder / "generated" / file.name, settings.landing_dir / file.name)
    build(Platform.local(settings))
    return settings
