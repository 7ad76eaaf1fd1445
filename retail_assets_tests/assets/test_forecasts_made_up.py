"""Forecasts of histories that a test makes up: too short, too odd, too wild, or with days that come later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from retail_assets.assets.materialization import Made
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.writing import write
from retail_assets.settings import Settings
from retail_assets_tests.assets.brand_forecasts import FIRST, forecasts, make
from retail_assets_tests.building import rows


def _aggregates(platform: Platform, days: Mapping[date, int]) -> None:
    """Publish aggregates of one brand that sold so many units on each of the days."""
    sold = ", ".join(f"(DATE '{day}', {units})" for day, units in days.items())
    table = duckdb.sql(
        f"""SELECT date, 'brand' AS key_type, 'amber' AS key_value, units AS purchases_t, 2 AS views_t, 1 AS carts_t,
            1.0::DOUBLE AS price_mean_t, units::DECIMAL(38,4) AS revenue_t, units / 2 AS conv_rate,
            0.5::DOUBLE AS cart_rate
        FROM (VALUES {sold}) AS found(date, units)"""
    ).to_arrow_table()
    asked = [Partition.of(date=day.isoformat(), key_type="brand") for day in days]
    _, broken = write(platform.stores["lake"], contract("daily_aggregates"), table, asked, platform.settings)
    assert broken == []


def test_dates_that_the_lake_lacks_do_not_count_as_days_without_sales(platform: Platform) -> None:
    days = [FIRST + timedelta(days=number) for number in range(40)]
    _aggregates(platform, {day: 4 for day in days if not 20 <= (day - FIRST).days < 30})

    (made,) = make(platform, "demand_forecast", days[-1])

    assert made.published
    assert {row["mean"] for row in forecasts(platform)} == {4.0}


def test_a_history_too_short_to_test_is_forecast_by_its_mean(platform: Platform) -> None:
    _aggregates(platform, {FIRST: 6, FIRST + timedelta(days=1): 8})

    (made,) = make(platform, "demand_forecast", FIRST + timedelta(days=1))

    assert made.published
    assert {(row["model"], row["mean"]) for row in forecasts(platform)} == {("ma_28", 7.0)}
    assert rows(platform, "SELECT * FROM forecast_backtest", "forecast_backtest") == []


def _told(made: Made) -> dict[str, tuple[bool, str]]:
    return {verdict.check: (verdict.passed, verdict.detail) for verdict in made.verdicts}


def _days(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def test_a_model_that_does_not_beat_a_baseline_is_not_published_and_a_check_says_so(platform: Platform) -> None:
    week = (1, 2, 3, 4, 5, 9, 7)
    days = _days(100)
    _aggregates(platform, {day: week[day.weekday()] for day in days})

    (made,) = make(platform, "demand_forecast", days[-1])

    passed, detail = _told(made)["forecast_earned"]
    assert (made.published, passed) == (True, False)
    assert detail.startswith("seasonal_naive_7 is published; RMSSE 0.0")
    found = forecasts(platform)
    assert {row["model"] for row in found} == {"seasonal_naive_7"}
    assert [row["mean"] for row in found] == [week[row["forecast_date"].weekday()] for row in found]  # type: ignore[attr-defined]
    assert _told(made)["forecast_bias"][0]


def test_a_model_that_is_off_in_sum_is_not_published_and_two_checks_say_so(platform: Platform) -> None:
    chance = np.random.default_rng(2)
    days = _days(140)
    rates = [(20 + 0.3 * number) * (3 if day.weekday() > 4 else 1) for number, day in enumerate(days)]
    units = (chance.negative_binomial(6, 6 / (6 + rate)) for rate in rates)
    _aggregates(platform, dict(zip(days, map(int, units), strict=True)))

    (made,) = make(platform, "demand_forecast", days[-1])

    errors = rows(platform, BY_MODEL, "forecast_backtest")
    rmsse, bias = ({row["model"]: row[figure] for row in errors} for figure in ("rmsse", "bias"))
    assert rmsse["default"] < min(rmsse["ma_28"], rmsse["seasonal_naive_7"])  # it is better, but for the bias
    assert bias["default"] < -0.05
    told = _told(made)
    assert not told["forecast_earned"][0]
    assert not told["forecast_bias"][0]
    (published,) = {row["model"] for row in forecasts(platform)}
    assert published in ("ma_28", "seasonal_naive_7")


BY_MODEL = """
    SELECT model, avg(rmsse) AS rmsse, avg(bias) AS bias
    FROM forecast_backtest WHERE demand_class = 'all' GROUP BY model
"""


def test_a_shop_that_turns_wild_fails_the_checks_of_the_interval_and_of_drift(platform: Platform) -> None:
    chance = np.random.default_rng(3)
    days = _days(84)
    calm, wild = chance.poisson(20, 56), chance.choice([0, 90], 28)
    _aggregates(platform, dict(zip(days, map(int, (*calm, *wild)), strict=True)))

    (made,) = make(platform, "demand_forecast", days[-1])

    told = _told(made)
    assert made.published
    assert not told["forecast_coverage"][0], told
    assert not told["forecast_drift"][0], told


@pytest.mark.parametrize("quiet_days", [60, 50])
def test_keys_that_had_not_sold_by_a_tested_origin_can_be_forecast(platform: Platform, quiet_days: int) -> None:
    days = _days(60)
    _aggregates(platform, {day: 3 if number >= quiet_days else 0 for number, day in enumerate(days)})

    (made,) = make(platform, "demand_forecast", days[-1])

    assert [verdict for verdict in made.verdicts if verdict.blocking and not verdict.passed] == []
    assert made.published
    told = _told(made)
    assert told["forecast_earned"] == (
        False,
        "seasonal_naive_7 is published; RMSSE none (default), none (seasonal naive), none (28-day mean), "
        "bias of default unknown",
    )
    for check in ("forecast_bias", "forecast_coverage", "forecast_drift"):
        passed, detail = told[check]
        assert passed, check
        assert detail, check
    assert {row["mean"] for row in forecasts(platform)} == {0.0 if quiet_days == 60 else 3.0}


def test_six_weeks_are_tested_over_the_weeks_that_there_is_room_for(platform: Platform) -> None:
    chance = np.random.default_rng(2)
    days = _days(42)
    _aggregates(platform, {day: int(chance.poisson(30 if day.weekday() > 4 else 10)) for day in days})

    (made,) = make(platform, "demand_forecast", days[-1])

    assert made.published
    found = rows(platform, "SELECT DISTINCT tested_origin, days_ahead FROM forecast_backtest", "forecast_backtest")
    assert found == [{"tested_origin": days[27], "days_ahead": 14}]
    assert {row["model"] for row in forecasts(platform)} == {"default"}


@pytest.mark.parametrize("model", ["ml", "blend"])
def test_the_model_that_is_set_is_tested_beside_the_default_and_published(settings: Settings, model: str) -> None:
    platform = Platform.local(settings.model_copy(update={"forecast_model": model}))
    chance = np.random.default_rng(5)
    days = _days(120)
    _aggregates(platform, {day: int(chance.poisson(30 if day.weekday() > 4 else 10)) for day in days})

    (made,) = make(platform, "demand_forecast", days[-1])

    (tested,) = rows(platform, "SELECT list(DISTINCT model) AS found FROM forecast_backtest", "forecast_backtest")
    assert set(tested["found"]) == {model, "default", "seasonal_naive_7", "ma_28", "zero"}
    assert {row["model"] for row in forecasts(platform)} == {model}
    assert _told(made)["forecast_earned"][0]
    assert f"({model})" in _told(made)["forecast_earned"][1]


def test_later_days_change_no_earlier_forecast_and_no_earlier_training_row(platform: Platform) -> None:
    chance = np.random.default_rng(5)
    days = _days(140)
    origin = days[119]
    _aggregates(platform, {day: int(chance.poisson(30 if day.weekday() > 4 else 10)) for day in days})
    before = _made_of(platform, origin, days[100:])
    assert {row["model"] for row in before[0]} == {"default"}
    assert before[1]

    _aggregates(platform, dict.fromkeys(days[120:], 500))

    assert _made_of(platform, origin, days[100:]) == before


def _made_of(platform: Platform, origin: date, days: list[date]) -> tuple[list[dict[str, object]], ...]:
    """The forecast of the origin and its training rows, with the features of these days made anew."""
    _make_features(platform, days)
    for name in ("demand_forecast", "training_set"):
        assert all(made.published for made in make(platform, name, origin))
    return forecasts(platform), rows(platform, "FROM training_set ORDER BY ALL", "training_set")


def _make_features(platform: Platform, days: list[date]) -> None:
    assert all(item.published for item in make(platform, "features", *days))
