"""The Forecast page in a real browser: what was believed then, what came, and what it says where there is nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from retail_assets.questions.numbers import day
from retail_assets.settings import Settings
from retail_assets_tests.dashboard.conftest import serving, settled
from retail_assets_tests.shop import ORIGINS

Open = Callable[[str], Page]
EARLY, LATE = (day(origin) for origin in ORIGINS)
CHART = "[data-testid=stVegaLiteChart]"


@pytest.fixture(scope="module")
def url(built_forecasts: Settings, chromium: Browser) -> Iterator[str]:
    """The Forecast page of that platform."""
    with serving(built_forecasts) as found:
        yield f"{found}/forecast"


def test_the_latest_forecast_is_shown_beside_its_baselines(url: str, open_page: Open) -> None:
    page = settled(open_page(url))

    expect(page.locator(f"{CHART}[aria-label*='cedar, with what was expected after {LATE}'] svg")).to_be_visible()
    expect(page.get_by_text("no day after it has come yet")).to_be_visible()
    expect(page.get_by_role("heading", name="Against the baselines")).to_be_visible()
    expect(page.get_by_text("Tested on 2 earlier origins", exact=False)).to_be_visible()
    expect(page.get_by_text(f"By the back-test, since too little has come after {LATE}", exact=False)).to_be_visible()
    expect(page.get_by_label("Worst series by RMSSE").first).to_be_visible()


def test_an_earlier_origin_tells_what_came(url: str, open_page: Open) -> None:
    page = settled(open_page(url))
    page.get_by_role("combobox").click()
    page.get_by_role("option", name=EARLY, exact=True).click()

    expect(page.locator(f"{CHART}[aria-label*='cedar, with what was expected after {EARLY}'] svg")).to_be_visible()
    expect(page.get_by_text("Came in 14 days")).to_be_visible()
    expect(page.get_by_text("of 14", exact=False).first).to_be_visible()
    expect(page.get_by_text("on the 14 days that have come", exact=False)).to_be_visible()
    expect(page).to_have_url(f"{url}?origin={EARLY.replace(' ', '+')}")


def test_another_key_is_chosen_instead_of_the_first(url: str, open_page: Open) -> None:
    page = settled(open_page(url))
    page.get_by_label("Search brands").press_sequentially("amb")
    page.get_by_role("button", name="amber (").click()

    expect(page.locator(f"{CHART}[aria-label*='amber, with what was expected']")).to_be_visible()
    expect(page.locator(f"{CHART}[aria-label*='cedar, with what was expected']")).to_have_count(0)


def test_kinds_without_a_forecast_name_those_with_one(url: str, open_page: Open) -> None:
    page = settled(open_page(f"{url}?forecast_of=Products"))

    expect(page.get_by_text("No forecast of products is made yet. There are some of: Brands.")).to_be_visible()


def test_without_forecasts_the_command_is_named(shop_url: str, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/forecast"))

    expect(page.get_by_text("No forecast is made yet")).to_be_visible()
    expect(page.get_by_text("backfill --forecasts", exact=False)).to_be_visible()


def test_a_warehouse_of_before_lacks_only_what_the_errors_would_tell(
    built_forecasts: Settings, tmp_path: Path, open_page: Open
) -> None:
    older = built_forecasts.model_copy(update={"data_dir": tmp_path / "data"})
    shutil.copytree(built_forecasts.data_dir, older.data_dir)
    with duckdb.connect(str(older.warehouse_file)) as connection:
        connection.execute("DROP TABLE forecast_errors")

    with serving(older) as url:
        page = settled(open_page(f"{url}/forecast"))

        expect(page.locator(f"{CHART}[aria-label*='cedar, with what was expected after {LATE}'] svg")).to_be_visible()
        expect(page.get_by_text("No brands sold 10 or more", exact=False)).to_be_visible()
