"""The same app on S3 and Redshift by settings alone: real S3, and the stand-in of Redshift."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from retail_assets.assets.platform import Platform
from retail_assets.cli.land import deliver_all
from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.questions.numbers import day
from retail_assets.settings import Settings
from retail_assets_tests.building import build, csv_text, event
from retail_assets_tests.dashboard.conftest import PATIENCE, serving
from retail_assets_tests.questions.test_redshift_reader import DATED, FORECASTS, load
from retail_assets_tests.questions.test_sales_answers import TABLES
from retail_assets_tests.servers.cloud import connected
from retail_assets_tests.shop import FIRST, FORECAST_LAST

Open = Callable[[str], Page]
CHART = "[data-testid=stVegaLiteChart] svg"


def deliver(platform: Platform, folder: Path, name: str, events: Iterable[Mapping[str, str | None]]) -> None:
    """Put a file into the inbox on S3, and build what can be built of it."""
    path = folder / name
    path.write_text(csv_text(events))
    deliver_all({name: path}, platform.landing.inbox)
    build(platform)


def a_week() -> list[dict[str, str | None]]:
    days = [f"{FIRST + timedelta(days=number)} 10:00:00 UTC" for number in range(7)]
    views = [event(event_time=day, user_session=f"{day} {number}") for day in days for number in range(3)]
    bought = [event(event_time=day, event_type="purchase", user_session=f"{day} 0") for day in days]
    return [*views, *bought, event(event_time=days[0], price="free")]


def test_pages_read_s3_and_redshift_and_follow_them(cloud_settings: Settings, tmp_path: Path, open_page: Open) -> None:
    platform = Platform.of(cloud_settings)
    with serving(cloud_settings) as url:
        page = open_page(url)
        expect(page.get_by_text("There is no data here yet")).to_be_visible()
        deliver(platform, tmp_path, "a.csv", a_week())
        expect(page.locator(CHART).first).to_be_visible()
        expect(page.get_by_text("Data up to 3 Nov 2019")).to_be_visible()

        for path, shown in {
            "demand?key_type=Brands": "samsung (7 sold)",
            "funnel": "Viewed: 21 (100.0%) → Added to cart: 0 (0.0%) → Purchased: 7 (33.3%)",
            "quality": "personal values masked",
            "catalogue?dataset=warehouse.features": "Rows: 21",
            "forecast": "No forecast is made yet",
            "sales": "There are no sales here",
        }.items():
            other = open_page(f"{url}/{path}")
            expect(other.get_by_text(shown, exact=False).first).to_be_visible(timeout=3 * PATIENCE)
            expect(other.get_by_text("cannot be shown")).to_have_count(0)
            other.close()

        later = f"{FIRST + timedelta(days=7)} 10:00:00 UTC"
        deliver(platform, tmp_path, "b.csv", [event(event_time=later)] * 2)
        expect(page.get_by_text("Data up to 4 Nov 2019")).to_be_visible()


def test_forecasts_and_sales_are_read_from_redshift(
    cloud: LocalCloud,
    cloud_settings: Settings,
    built_forecasts: Settings,
    monkeypatch: pytest.MonkeyPatch,
    open_page: Open,
) -> None:
    for name in ("RETAIL_LAKE_URL", "RETAIL_INBOX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RETAIL_ENV", "local")
    monkeypatch.setenv("RETAIL_WAREHOUSE", "redshift")
    monkeypatch.setenv("RETAIL_DATA_DIR", str(built_forecasts.data_dir))
    settings = Settings()
    load(settings, *DATED, *FORECASTS)
    with connected(cloud.redshift).cursor() as cursor:
        cursor.execute(f"SET search_path TO {settings.redshift.namespace}; {TABLES}")

    with serving(settings) as url:
        page = open_page(f"{url}/forecast")
        chart = (
            f"[data-testid=stVegaLiteChart][aria-label*='cedar, with what was expected after {day(FORECAST_LAST)}'] svg"
        )
        expect(page.locator(chart)).to_be_visible(timeout=3 * PATIENCE)
        expect(page.get_by_text("Tested on 2 earlier origins", exact=False)).to_be_visible()
        page = open_page(f"{url}/sales?period=All")
        expect(page.locator("[data-testid=stVegaLiteChart][aria-label*='refunds a day'] svg")).to_be_visible()
        expect(
            page.locator("[data-testid=stVegaLiteChart][aria-label='Net sales expected by country'] svg")
        ).to_be_visible()
        expect(page.get_by_text("cannot be shown")).to_have_count(0)
