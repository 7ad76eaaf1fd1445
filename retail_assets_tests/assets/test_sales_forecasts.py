"""Forecasts of sales: net amounts by category and by region, from the published cuts to rows of the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from retail_assets.assets.catalogue import step_of
from retail_assets.assets.materialization import Made, materialize
from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.partition import Partition
from retail_assets.engine.writing import write
from retail_assets_tests.building import rows

FIRST = date(2021, 1, 4)
Amounts = Mapping[str, float]


def _publish(platform: Platform, cut: str, by: str, days: Mapping[date, Amounts]) -> None:
    """Publish one cut of sales: per day, the net amount of each category or region."""
    values = ", ".join(
        f"(DATE '{day}', '{name}', {amount})" for day, amounts in days.items() for name, amount in amounts.items()
    )
    table = duckdb.sql(
        f"""SELECT date, name AS {by}, 1 AS payments, greatest(amount, 0)::DECIMAL(38,4) AS gross_amount,
            greatest(-amount, 0)::DECIMAL(38,4) AS refunds, amount::DECIMAL(38,4) AS net_amount, 1 AS customers
        FROM (VALUES {values}) AS found(date, name, amount)"""
    ).to_arrow_table()
    asked = [Partition.of(date=day.isoformat()) for day in days]
    _, broken = write(platform.stores["lake"], contract(cut), table, asked, platform.settings)
    assert broken == []


def _forecast(platform: Platform, day: date) -> Made:
    step = step_of("sales_forecast")
    (made,) = materialize(platform, step, platform.inputs(step), [Partition.of(date=day.isoformat())])
    assert made.published, made.verdicts
    return made


def _found(platform: Platform) -> list[dict[str, object]]:
    return rows(platform, "SELECT * FROM sales_forecast ORDER BY ALL", "sales_forecast")


@pytest.fixture
def history() -> Sequence[date]:
    """A hundred days."""
    return [FIRST + timedelta(days=number) for number in range(100)]


def test_every_live_category_and_region_gets_twenty_eight_days(platform: Platform, history: Sequence[date]) -> None:
    chance = np.random.default_rng(1)
    takings = {day: {"Action": 20 * chance.gamma(9) * (2 if day.weekday() > 4 else 1)} for day in history}
    takings[history[0]] = {"Action": 50, "Gone": 9}
    _publish(platform, "sales_by_category", "category", takings)
    _publish(platform, "sales_by_region", "region", {day: {"Chad": 4.5, "Peru": 2} for day in history})

    made = _forecast(platform, history[-1])

    found = _found(platform)
    assert {(row["key_type"], row["key_value"]) for row in found} == {
        ("category", "Action"), ("region", "Chad"), ("region", "Peru"),
    }  # fmt: skip
    assert len(found) == 3 * 28
    assert {row["mean"] for row in found if row["key_value"] == "Chad"} == {4.5}
    told = {verdict.check: verdict.detail for verdict in made.verdicts}
    assert "by category, default is published; RMSSE" in told["sales_forecast_earned"]
    assert told["sales_forecast_earned"].count("bias of default ") == 2
    assert told["sales_forecast_errors"].count("of the days within the interval") == 2
    tested = rows(platform, "SELECT DISTINCT key_type, model FROM sales_forecast_backtest", "sales_forecast_backtest")
    assert len(tested) == 2 * 4


def test_days_without_a_payment_and_days_of_refunds_sold_nothing(platform: Platform, history: Sequence[date]) -> None:
    every_other = {day: {"Action": 10.0} for day in history if (day - FIRST).days % 2}
    refunded = {day: {"Chad": 10.0 if (day - FIRST).days % 2 else -10.0} for day in history}
    _publish(platform, "sales_by_category", "category", every_other)
    _publish(platform, "sales_by_region", "region", refunded)

    _forecast(platform, history[-1])

    by_key = {row["key_value"]: row["mean"] for row in _found(platform)}
    assert by_key == {"Action": pytest.approx(5, rel=0.1), "Chad": pytest.approx(5, rel=0.1)}
    assert all(row["q10"] >= 0 for row in _found(platform))  # type: ignore[operator]


def test_sales_that_grow_fail_the_checks(platform: Platform, history: Sequence[date]) -> None:
    chance = np.random.default_rng(2)
    grown = {day: {"Action": chance.gamma(30) * 1.05**number} for number, day in enumerate(history)}
    _publish(platform, "sales_by_category", "category", grown)
    _publish(
        platform, "sales_by_region", "region", {day: {"Chad": takings["Action"]} for day, takings in grown.items()}
    )

    made = _forecast(platform, history[-1])

    passed = {verdict.check: verdict.passed for verdict in made.verdicts}
    assert not passed["sales_forecast_earned"]
    assert not passed["sales_forecast_errors"]
