"""Every page in a real browser: on a shop, on an empty platform, on a damaged one and on one that is half built."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, expect

from retail_assets.assets.platform import Platform
from retail_assets.dashboard.keys import AT_FIRST
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.dashboard.conftest import serving, settled
from retail_assets_tests.questions.test_sales_answers import sales_file
from retail_assets_tests.shop import LAST, shop_settings

Open = Callable[[str], Page]
PAGES = {
    "": "Overview",
    "demand": "Demand explorer",
    "funnel": "Funnel",
    "forecast": "Forecast",
    "sales": "Sales",
    "quality": "Data quality",
    "catalogue": "Catalogue",
}
WITH_CHARTS = ("", "demand", "funnel", "quality")
CHART = "[data-testid=stVegaLiteChart]"
MOST_TABS = 60
ALERTS = "[data-testid=stException], [data-testid=stAlertContentError]"


def expect_no_traceback(page: Page) -> None:
    expect(page.locator(ALERTS)).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_a_shop(shop_url: str, open_page: Open, path: str) -> None:
    page = settled(open_page(f"{shop_url}/{path}"))

    expect(page.get_by_role("heading", name=PAGES[path], exact=True)).to_be_visible()
    if path in WITH_CHARTS:
        expect(page.locator(f"{CHART} svg").first).to_be_visible()
    expect_no_traceback(page)


@pytest.mark.parametrize("path", [path for path in PAGES if path != "catalogue"])
def test_an_empty_platform_says_how_to_fill_it(empty_url: str, open_page: Open, path: str) -> None:
    page = settled(open_page(f"{empty_url}/{path}"))

    expect(page.get_by_text("There is no data here yet")).to_be_visible()
    expect(page.get_by_text("backfill", exact=False).first).to_be_visible()
    expect(page.locator(CHART)).to_have_count(0)
    expect_no_traceback(page)


def test_the_catalogue_of_an_empty_platform_tells_what_there_will_be(empty_url: str, open_page: Open) -> None:
    page = settled(open_page(f"{empty_url}/catalogue?dataset=features"))

    expect(page.get_by_role("heading", name="features")).to_be_visible()
    expect(page.get_by_text("never by Dagster")).to_be_visible()
    expect_no_traceback(page)


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """A platform with a file in its landing folder."""
    settings = shop_settings(tmp_path / "data")
    views = [event(user_session=str(number)) for number in range(10)]
    land(Platform.local(settings), "a.csv", [*views, event(event_type="purchase"), event(price="free")])
    return settings


def test_a_damaged_warehouse_is_told_and_followed_once_it_is_mended(small: Settings, open_page: Open) -> None:
    build(Platform.local(small))
    whole = small.warehouse_file.read_bytes()
    small.warehouse_file.write_bytes(b"no database at all" * 100)
    with serving(small) as url:
        page = settled(open_page(url))
        expect(page.get_by_text("The warehouse cannot be read")).to_be_visible()
        expect_no_traceback(page)

        mended = small.warehouse_file.with_suffix(".new")
        mended.write_bytes(whole)
        mended.replace(small.warehouse_file)

        expect(page.locator(f"{CHART} svg").first).to_be_visible()
        expect_no_traceback(page)


def test_a_platform_that_is_half_built_fills_by_itself(small: Settings, open_page: Open) -> None:
    platform = Platform.local(small)
    with serving(small) as url:
        page = settled(open_page(url))
        expect(page.get_by_text("Data has landed, but nothing is built from it yet")).to_be_visible()

        build(platform)

        expect(page.locator(f"{CHART} svg").first).to_be_visible()
        expect_no_traceback(page)


def test_pages_follow_what_is_published_and_keep_what_was_chosen(small: Settings, open_page: Open) -> None:
    platform = Platform.local(small)
    build(platform)
    with serving(small) as url:
        page = settled(open_page(f"{url}/demand?key_type=Brands"))
        page.get_by_label("Search brands").press_sequentially("sam")
        expect(page.get_by_role("button", name="samsung (1 sold)")).to_be_visible()
        page.get_by_text("Views", exact=True).click()
        settled(page)

        land(platform, "b.csv", [event(event_type="purchase", event_time="2019-10-02 09:00:00 UTC")] * 2 + [
            event(event_type="purchase", event_time="2019-10-02 10:00:00 UTC")
        ])  # fmt: skip
        build(platform)

        expect(page.get_by_role("button", name="samsung (3 sold)")).to_be_visible()
        expect(page.get_by_label("Search brands")).to_have_value("sam")
        expect(page).to_have_url(f"{url}/demand?key_type=Brands&measure=Views")
        expect_no_traceback(page)


def test_keys_are_searched_as_one_types_and_compared(shop_url: str, built_shop: Settings, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/demand"))
    page.get_by_text("Brands", exact=True).click()
    settled(page)
    page.get_by_label("Search brands").press_sequentially("xiaom")  # no Enter
    page.get_by_role("button", name="xiaomi (").click()
    settled(page)

    expect(page.locator(f"{CHART}[aria-label*=xiaomi]")).to_be_visible()


def test_downloads_hold_what_is_shown(shop_url: str, built_shop: Settings, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/demand?key_type=Categories&period=All"))
    page.get_by_label("Search categories").press_sequentially("smartphone")
    with page.expect_download() as csv, duckdb.connect() as connection:
        page.get_by_role("button", name="Download CSV").click()
        text = Path(csv.value.path()).read_bytes()
        assert csv.value.suggested_filename.startswith("demand_category_code_2019-10-28_2019-12-08")
        from_csv = connection.read_csv(io.BytesIO(text)).fetchall()
    with page.expect_download() as parquet, duckdb.connect() as connection:
        page.get_by_role("button", name="Download Parquet").click()
        from_parquet = connection.read_parquet(str(parquet.value.path())).fetchall()

    assert [row[:5] for row in from_csv] == [row[:5] for row in from_parquet]
    with duckdb.connect(str(built_shop.warehouse_file), read_only=True) as connection:
        expected = connection.execute(
            "SELECT date, key_value, purchases_t FROM features WHERE key_type = 'category_code' AND purchases_t > 0 "
            "AND key_value IN (SELECT unnest(?)) ORDER BY key_value, date",
            [sorted({row[1] for row in from_csv})],
        ).fetchall()
    assert sorted((row[0], row[1], row[2]) for row in from_csv if row[2]) == sorted(expected)


def test_dates_are_chosen_and_stand_in_the_address(shop_url: str, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/?period=7+days"))
    expect(page.get_by_text("2 Dec 2019 – 8 Dec 2019", exact=False).first).to_be_visible()

    page.get_by_text("28 days", exact=True).click()

    expect(page.get_by_text("11 Nov 2019 – 8 Dec 2019", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Funnel").click()
    expect(page).to_have_url(f"{shop_url}/funnel?period=28+days")
    settled(page)
    expect_no_traceback(page)


def test_own_dates(shop_url: str, open_page: Open) -> None:
    chosen = "period=Own+dates&dates=2019-11-28&dates=2019-12-02"
    page = settled(open_page(f"{shop_url}/?{chosen}"))

    expect(page.get_by_text("28 Nov 2019 – 2 Dec 2019", exact=False).first).to_be_visible()
    expect_no_traceback(page)


def test_samples_of_rejected_rows_are_masked(shop_url: str, built_shop: Settings, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/quality?period=All"))

    expect(page.get_by_text("personal values masked", exact=False)).to_be_visible()
    expect(page.get_by_text("1 date is missing: 13 Nov 2019")).to_be_visible()
    expect_no_traceback(page)


def test_a_catalogue_entry_is_found_by_the_name_of_a_column(shop_url: str, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/catalogue"))
    page.get_by_label("Search datasets").press_sequentially("holiday_name")

    expect(page.get_by_role("heading", name="warehouse.dim_date")).to_be_visible()
    link = page.get_by_role("link", name="Open in Dagster")
    expect(link).to_have_attribute("href", "http://127.0.0.1:3000/assets/warehouse/dim_date")


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_need_not_scroll_sideways(shop_url: str, open_page: Open, path: str) -> None:
    page = open_page(f"{shop_url}/{path}")
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    if path in WITH_CHARTS:
        page.locator(f"{CHART} svg").first.wait_for()

    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 390


def test_keys_alone_find_and_choose_a_brand(shop_url: str, open_page: Open) -> None:
    page = settled(open_page(f"{shop_url}/demand?key_type=Brands"))
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Search brands":
            break
    page.keyboard.type("xiaom")
    # It is among the best sellers before anything is found: what the answer changes is that the others are gone.
    expect(page.get_by_role("button", name=" sold)")).to_have_count(AT_FIRST + 1)
    settled(page).keyboard.press("Tab")
    for _ in range(MOST_TABS):
        if page.evaluate("document.activeElement.innerText").startswith("xiaomi ("):
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    expect(page.locator(f"{CHART}[aria-label*=xiaomi]")).to_be_visible()


def test_sales_are_shown(tmp_path: Path, open_page: Open) -> None:
    with serving(sales_file(tmp_path)) as url:
        page = settled(open_page(f"{url}/sales?period=All"))

        expect(page.locator(f"{CHART}[aria-label*='refunds a day'] svg")).to_be_visible()
        for title in ("Net sales by category", "Net sales by country", "Net sales by category and country"):
            expect(page.locator(f"{CHART}[aria-label^='{title},'] svg")).to_be_visible()
        expect(page.locator(f"{CHART}[aria-label='Net sales expected by country'] svg")).to_be_visible()
        expect(page.get_by_text("By country, from 6 Jan 2020 to 7 Jan 2020", exact=False)).to_be_visible()
        expect_no_traceback(page)


def test_last_date_is_the_shops(shop_url: str, open_page: Open) -> None:
    page = settled(open_page(shop_url))

    assert date(2019, 12, 8) == LAST
    expect(page.get_by_text("Data up to 8 Dec 2019 (UTC)")).to_be_visible()
