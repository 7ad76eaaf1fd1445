"""What the report tells of the coming days, and how it looks on a phone and on paper."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

from retail_assets.questions.numbers import compact, day
from retail_assets.questions.period import Period
from retail_assets.report.writing import write_report
from retail_assets.settings import Settings
from retail_assets_tests.dashboard.conftest import chromium
from retail_assets_tests.shop import ORIGINS

__all__ = ["chromium"]
EARLY, LATE = ORIGINS


def written(settings: Settings, folder: Path, period: Period | None = None) -> Path:
    return write_report(settings, period=period, path=folder / "report.html").path


def test_what_is_expected_is_what_was_forecast_last(built_forecasts: Settings, tmp_path: Path) -> None:
    with duckdb.connect(str(built_forecasts.warehouse_file), read_only=True) as connection:
        ((expected,),) = connection.execute("SELECT sum(mean) FROM demand_forecast WHERE date = ?", [LATE]).fetchall()

    text = written(built_forecasts, tmp_path).read_text(encoding="utf-8")

    told = f"{compact(expected)} purchases are expected from {day(LATE + timedelta(days=1))}"
    assert told in text
    assert f"by what was known on {day(LATE)}." in text
    assert "Tested on the past, the error (RMSSE) is" in text
    assert 'class="line expected"' in text
    assert "<span>cedar</span>" in text


def test_a_report_of_the_past_tells_what_was_expected_then(built_forecasts: Settings, tmp_path: Path) -> None:
    then = Period(LATE - timedelta(days=7), LATE - timedelta(days=1))

    assert f"by what was known on {day(EARLY)}." in written(built_forecasts, tmp_path, then).read_text(encoding="utf-8")


def test_a_forecast_that_has_run_out_is_not_told_as_expected(built_forecasts: Settings, tmp_path: Path) -> None:
    settings = built_forecasts.model_copy(update={"data_dir": tmp_path / "data"})
    settings.data_dir.mkdir()
    shutil.copy(built_forecasts.warehouse_file, settings.warehouse_file)
    with duckdb.connect(str(settings.warehouse_file)) as connection:
        connection.execute(f"DELETE FROM demand_forecast WHERE date = '{LATE}'")
        connection.execute("UPDATE demand_forecast SET date = date - 14, forecast_date = forecast_date - 14")

    text = written(settings, tmp_path).read_text(encoding="utf-8")

    assert f"The last forecast, of {day(EARLY - timedelta(days=14))}, has run out." in text
    assert "purchases are expected" not in text
    assert "<code>retail backfill --forecasts</code>" in text


def test_before_any_forecast_the_command_is_named(built_forecasts: Settings, tmp_path: Path) -> None:
    then = Period(EARLY - timedelta(days=7), EARLY - timedelta(days=1))

    text = written(built_forecasts, tmp_path, then).read_text(encoding="utf-8")

    assert f"No forecast was made by {day(then.last)}." in text
    assert "<code>retail backfill --forecasts</code>" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_and_asks_nothing_of_the_network(
    built_forecasts: Settings, tmp_path: Path, chromium: Browser, theme: str
) -> None:
    asked: list[str] = []
    path = written(built_forecasts, tmp_path)
    with chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=theme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())

        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("svg.narrow").first.is_visible()
        assert not page.locator("svg.wide").first.is_visible()
    assert asked == [path.as_uri()]


def test_on_paper_it_is_black_on_white_even_in_a_dark_room(
    built_forecasts: Settings, tmp_path: Path, chromium: Browser
) -> None:
    with chromium.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(written(built_forecasts, tmp_path).as_uri())
        page.emulate_media(media="print")
        style = "getComputedStyle(document.body)"

        assert page.evaluate(f"{style}.color") == "rgb(0, 0, 0)"
        assert page.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
