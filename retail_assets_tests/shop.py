"""Small platforms, built: six weeks of a synthetic shop with a day that is missing, and twelve with forecasts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import materialize
from retail_assets.assets.platform import Platform
from retail_assets.engine.partition import Partition
from retail_assets.settings import Settings
from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop
from retail_assets_tests.building import build, event, land

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


FORECAST_FIRST, FORECAST_DAYS = date(2019, 10, 1), 84
FORECAST_LAST = FORECAST_FIRST + timedelta(days=FORECAST_DAYS - 1)
ORIGINS = (FORECAST_LAST - timedelta(days=14), FORECAST_LAST)
FORECASTS = ("demand_forecast", "warehouse.demand_forecast", "warehouse.forecast_backtest", "warehouse.forecast_errors")


def build_forecasts(folder: Path) -> Settings:
    """Twelve weeks of three brands, and forecasts of brands from two origins: two weeks before the end, and the end."""
    settings = shop_settings(folder)
    platform = Platform.local(settings)
    land(platform, "days.csv", _twelve_weeks())
    build(platform)
    asked = [Partition.of(date=day.isoformat(), key_type="brand") for day in ORIGINS]
    for name in FORECASTS:
        step = step_of(name)
        refused = [made for made in materialize(platform, step, platform.inputs(step), asked) if not made.published]
        assert not refused
    return settings


@contextmanager
def unchanged(settings: Settings) -> Iterator[Settings]:
    """The settings of a platform that many tests share; afterwards its files must be as they were."""
    before = _files(settings.data_dir)
    yield settings
    changed = sorted({str(path) for path, *_ in _files(settings.data_dir) ^ before})
    assert not changed, f"a test has written what others read: {changed}"


def _files(folder: Path) -> set[tuple[Path, int, int]]:
    """Every file, with its size and when it was written; but for hidden folders, which hold caches and scratch."""
    below = [path for path in folder.iterdir() if not path.name.startswith(".")]
    found = [path for part in below for path in (part, *part.rglob("*")) if path.is_file()]
    return {(path, path.stat().st_size, path.stat().st_mtime_ns) for path in found}


def _twelve_weeks() -> Iterator[Mapping[str, str | None]]:
    """Brands that sell more at weekends, each in its own way; nothing random about it."""
    for number in range(FORECAST_DAYS):
        day = FORECAST_FIRST + timedelta(days=number)
        for place, brand in enumerate(("amber", "birch", "cedar"), start=1):
            sold = place * (3 if day.weekday() > 4 else 1) + number * place % 4
            at = {"brand": brand, "product_id": str(place), "event_time": f"{day} 10:00:00 UTC"}
            yield event(**at, user_session=f"{day} {brand}")
            for sale in range(sold):
                yield event(**at | {"event_time": f"{day} 11:{sale:02}:00 UTC"}, event_type="purchase")
