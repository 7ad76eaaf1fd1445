"""The Sales page, run in this process: a browser draws tables and numbers where no test can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from retail_assets.dashboard import opening
from retail_assets.dashboard.serving import APP
from retail_assets.settings import Settings, settings
from retail_assets_tests.questions.test_sales_answers import sales_file


@pytest.fixture
def sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A platform with sales, the one that pages of this process tell of."""
    settings_of_sales = sales_file(tmp_path)
    monkeypatch.setenv("RETAIL_DATA_DIR", str(settings_of_sales.data_dir))
    caches = (settings, opening._warehouse, opening.open_platform)
    for cache in caches:
        cache.cache_clear()
    yield settings_of_sales
    for cache in caches:
        cache.cache_clear()


def sales_page(**parameters: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.switch_page("views/sales.py").run()


def test_best_customers_are_masked(sales: Settings) -> None:
    shown = sales_page().dataframe[0].value

    assert list(shown["customer_id"]) == ["•••", "•••"]
    assert list(shown["region"]) == ["Chad", "Peru"]


@pytest.mark.parametrize(("period", "delta"), [("14 days", "+0.0%"), ("28 days", "")])
def test_sales_are_compared_with_as_many_days_or_not_at_all(sales: Settings, period: str, delta: str) -> None:
    with duckdb.connect(str(sales.warehouse_file)) as connection:
        connection.execute("DELETE FROM sales_by_region")
        days = "generate_series(DATE '2020-01-01', DATE '2020-02-04', INTERVAL 1 DAY) AS days(day)"
        connection.execute(f"INSERT INTO sales_by_region SELECT day, 'Peru', 1, 5, 0, 5, 1 FROM {days}")

    page = sales_page(period=period)

    assert {metric.label: metric.delta for metric in page.metric}["Net sales"] == delta
    assert any("not as many days" in caption.value for caption in page.caption) == (not delta)


def test_a_day_without_sales_is_drawn_as_one(sales: Settings) -> None:
    page = sales_page(period="All")

    net = next(metric for metric in page.metric if metric.label == "Net sales")
    assert list(net.proto.chart_data) == [10, 24.25, 0, 0, 99]
