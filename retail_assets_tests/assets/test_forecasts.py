"""Forecasts of the platform's own series: from landed events to rows of the lake and of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.assets.brand_forecasts import FIRST, forecasts, make
from retail_assets_tests.building import build, event, land, rows

DAYS = 70
LAST = FIRST + timedelta(days=DAYS - 1)
BRANDS = ("amber", "birch", "cedar", "quiet")


def _events() -> Iterator[Mapping[str, str | None]]:
    """Three brands that sell more at weekends, one that is only looked at, and one that ended long ago."""
    chance = np.random.default_rng(1)
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        at = f"{day} 10:00:00 UTC"
        yield event(event_time=at, brand="quiet", product_id="9")
        if day == FIRST:
            yield event(event_time=at, brand="gone", product_id="8", event_type="purchase")
        for number, brand in enumerate(BRANDS[:3]):
            for sale in range(chance.poisson((2 + number) * (2 if day.weekday() > 4 else 1))):
                moment = f"{day} 11:{sale:02}:00 UTC"
                yield event(event_time=moment, brand=brand, product_id=str(number), event_type="purchase")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Seventy days up to features, and the forecast of the last in lake and warehouse. Read only."""
    folder = tmp_path_factory.mktemp("forecasts") / "data"
    platform = Platform.local(Settings(data_dir=folder, threads=2, memory_limit_mb=512))
    land(platform, "days.csv", _events())
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")
    for name in ("training_set", "demand_forecast", "warehouse.demand_forecast"):
        made = make(platform, name, LAST)
        assert [item.verdicts for item in made if not item.published] == []
    return platform


def test_every_live_key_gets_twenty_eight_days(shop: Platform) -> None:
    found = forecasts(shop)

    assert {row["key_value"] for row in found} == set(BRANDS)
    assert len(found) == len(BRANDS) * 28
    days = sorted(row["forecast_date"] for row in found if row["key_value"] == "amber")  # type: ignore[type-var]
    assert days == [LAST + timedelta(days=ahead) for ahead in range(1, 29)]
    assert all(row["mean"] == row["q90"] == 0 for row in found if row["key_value"] == "quiet")
    assert all(row["mean"] > 0 for row in found if row["key_value"] == "cedar")  # type: ignore[operator]


def test_the_warehouse_holds_the_same_rows(shop: Platform) -> None:
    with duckdb.connect(str(shop.settings.warehouse_file), read_only=True) as warehouse:
        found = warehouse.execute("SELECT * FROM demand_forecast ORDER BY ALL").fetchall()

    assert sorted(map(str, found)) == sorted(str(tuple(row.values())) for row in forecasts(shop))


def test_the_back_test_names_one_published_model(shop: Platform) -> None:
    found = rows(
        shop,
        "SELECT DISTINCT model, is_published FROM forecast_backtest WHERE demand_class = 'all'",
        "forecast_backtest",
    )

    assert {row["model"] for row in found} == {"default", "seasonal_naive_7", "ma_28", "zero"}
    (published,) = [row["model"] for row in found if row["is_published"]]
    assert {row["model"] for row in forecasts(shop)} == {published}


def test_the_checks_say_how_good_the_forecast_would_have_been(shop: Platform) -> None:
    (made,) = make(shop, "demand_forecast", LAST)

    told = {verdict.check: verdict.detail for verdict in made.verdicts}
    assert "is published; RMSSE" in told["forecast_earned"]
    assert "of the days lie within the 80 % interval" in told["forecast_coverage"]
    assert set(told) >= {"forecast_bias", "forecast_drift"}


def test_making_it_again_gives_the_same_bytes(shop: Platform) -> None:
    before = _digests(shop)

    make(shop, "demand_forecast", LAST)

    assert _digests(shop) == before


def _digests(platform: Platform) -> dict[str, bytes]:
    folder = platform.settings.lake_dir
    return {str(path.relative_to(folder)): path.read_bytes() for path in _objects(folder / "demand_forecast")}


def _objects(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


def test_a_label_is_what_the_key_sold_a_week_later(shop: Platform) -> None:
    found = rows(
        shop,
        """SELECT t.key_value, t.label, t.feature_date, t.purchases_t, l.purchases_t AS later, f.purchases_t AS known
        FROM training_set t
        LEFT JOIN features l ON l.date = t.date AND l.key_type = t.key_type AND l.key_value = t.key_value
        JOIN features f ON f.date = t.feature_date AND f.key_type = t.key_type AND f.key_value = t.key_value""",
        "training_set",
        "features",
    )

    assert {row["key_value"] for row in found} == set(BRANDS)
    assert {row["feature_date"] for row in found} == {LAST - timedelta(days=7)}
    assert all(row["label"] == row["later"] and row["purchases_t"] == row["known"] for row in found)


def test_a_key_that_went_quiet_has_the_label_zero(shop: Platform) -> None:
    day = FIRST + timedelta(days=30)  # 'gone' was live on day 23 and is no more on day 30

    make(shop, "training_set", day)

    found = rows(shop, f"SELECT label FROM training_set WHERE date = '{day}' AND key_value = 'gone'", "training_set")
    assert found == [{"label": 0}]


def test_errors_of_keys_add_up_to_the_scores(shop: Platform) -> None:
    (summed,) = rows(
        shop,
        """SELECT sum(absolute_error) / sum(units) AS wmape, sum(expected) / sum(units) - 1 AS bias
        FROM forecast_errors WHERE tested_origin = (SELECT max(tested_origin) FROM forecast_errors)""",
        "forecast_errors",
    )
    (scored,) = rows(
        shop,
        """SELECT wmape, bias FROM forecast_backtest WHERE demand_class = 'all' AND is_published
        AND tested_origin = (SELECT max(tested_origin) FROM forecast_backtest)""",
        "forecast_backtest",
    )

    assert summed == pytest.approx(scored)


def test_the_model_of_the_docs_trains(
    shop: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "forecasts.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0].replace("product_id", "brand")
    make(shop, "training_set", *(LAST - timedelta(days=back) for back in range(21)))
    monkeypatch.chdir(shop.settings.data_dir.parent)

    exec(code, {})

    assert "WMAPE" in capsys.readouterr().out
