"""The default model: what it learns, and its answer to every odd series."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_assets.forecasting.baselines import moving_average, seasonal_naive
from retail_assets.forecasting.forecast import forecast
from retail_assets.forecasting.panel import Panel
from retail_assets.forecasting.smoothing import smoothed
from retail_assets.forecasting.winsorising import winsorised
from retail_assets_tests.forecasting.panels import MONDAY, WEEK, panel_of, shop


def test_a_constant_series_goes_on_as_it_was() -> None:
    assert smoothed(panel_of([[3.0] * 100]), 28) == pytest.approx(np.full((1, 28), 3.0))


def test_it_learns_the_week_and_the_level() -> None:
    found = smoothed(panel_of([np.tile(WEEK * 10, 20)]), 14)

    assert found[0] == pytest.approx(np.tile(WEEK * 10, 2), rel=0.02)


def test_a_week_that_is_only_chance_is_hardly_learnt() -> None:
    tables = [np.random.default_rng(seed).poisson(2, (1, 140)) for seed in range(20)]

    learnt = np.mean([np.ptp(found) / found.mean() for found in (smoothed(panel_of(table), 7) for table in tables)])
    seen = np.mean([np.ptp(week) / week.mean() for week in (t.reshape(-1, 7).mean(axis=0) for t in tables)])

    assert seen > 0.4
    assert learnt < 0.6 * seen


def test_recent_days_count_more() -> None:
    found = smoothed(panel_of([[1.0] * 100 + [5.0] * 28]), 1)

    assert 3.5 < found[0, 0] < 5.0


def test_a_series_that_never_sold_stays_at_zero() -> None:
    found = forecast(panel_of([[0] * 60, [2] * 60]), 28, "default")

    assert all((part[0] == 0).all() for part in found.parts)
    assert (found.mean[1] > 1.5).all()


def test_a_new_product_is_judged_by_its_own_days_only() -> None:
    found = smoothed(panel_of([[0] * 86 + [4] * 14, [0] * 97 + [4] * 3, *[[4] * 100] * 3]), 7)

    assert found[0] == pytest.approx(found[2], rel=0.1)
    assert (0.6 * found[2] < found[1]).all()
    assert (found[1] < found[2]).all()


def test_products_that_sell_now_and_then_are_not_taken_for_new_ones_that_sell_daily() -> None:
    rare = np.random.default_rng(5).poisson(0.02, (5000, 42))
    seen = rare[rare.any(axis=1)]

    expected = smoothed(panel_of(seen), 7).sum()

    assert expected == pytest.approx(0.02 * 7 * len(seen), rel=0.5)


def test_a_series_that_sold_for_the_first_time_today_has_an_answer() -> None:
    found = forecast(panel_of([[0] * 99 + [4], *[[4] * 100] * 3]), 28, "default")

    assert np.isfinite(found.mean).all()
    assert 0 < found.mean[0].mean() <= 4.5


def test_a_retired_product_fades() -> None:
    still = smoothed(panel_of([[5] * 100 + [0] * quiet + [5] * 0 for quiet in [28]] + [[5] * 128] * 3), 1)
    long_gone = smoothed(panel_of([[5] * 100 + [0] * 120, *[[5] * 220] * 3]), 1)

    assert 0 < still[0, 0] < 2
    assert long_gone[0, 0] < 0.05


def test_gaps_lower_the_level_by_their_share_of_days() -> None:
    found = smoothed(panel_of([[6, 0, 0] * 50]), 28)

    assert found.mean() == pytest.approx(2, rel=0.1)


def test_a_giant_series_lends_its_week_to_nobody() -> None:
    ordinary = np.tile(WEEK * 10, 30)
    rest = [ordinary] * 40
    flat = np.full(210, 100_000.0)

    found = smoothed(panel_of([flat, *rest]), 7)

    assert found[0] == pytest.approx(np.full(7, 100_000), rel=0.01)
    assert found[1] == pytest.approx(WEEK * 10, rel=0.02)


def test_a_closed_holiday_is_foreseen_and_does_not_lower_the_level() -> None:
    days = [MONDAY + timedelta(days=number) for number in range(800)]
    holidays = {day: "Christmas Day" for day in days if (day.month, day.day) == (12, 25)}
    end = days.index(days[0].replace(year=2019, month=12, day=20))
    demand = np.full((30, end), 10.0)
    demand[:, [number for number, day in enumerate(days[:end]) if day in holidays]] = 0

    found = smoothed(panel_of(demand, holidays=holidays), 10)

    closed = (days.index(days[0].replace(year=2019, month=12, day=25))) - end
    assert found[0, closed] < 2
    assert np.delete(found[0], closed) == pytest.approx(np.full(9, 10), rel=0.02)


def test_a_holiday_without_a_past_changes_nothing() -> None:
    rows = [[10.0] * 100] * 30
    tomorrow = MONDAY + timedelta(days=100)

    assert smoothed(panel_of(rows, holidays={tomorrow: "Coronation"}), 7) == pytest.approx(smoothed(panel_of(rows), 7))


def test_one_cart_of_ten_quadrillion_units_is_cut_for_training_only() -> None:
    rows = [[2, 0, 1, 3, 2, 0, 1] * 20, [1, 1, 0, 2, 1, 0, 2] * 20]
    odd = np.array(rows, dtype=float)
    odd[0, 70] = 1e16
    panel = panel_of(odd)

    cut = winsorised(panel)

    assert (cut.days, cut.series, panel.caps[0]) == (1, 1, 80)
    assert cut.units == pytest.approx(1e16)
    assert panel.demand[0, 70] == np.float32(1e16)
    found = forecast(panel, 28, "default")
    assert (found.q90 < 50).all()
    assert found.mean[1].sum() == pytest.approx(smoothed(panel_of(rows), 28)[1].sum(), rel=0.1)


def test_a_single_sale_of_a_young_series_is_measured_by_the_others() -> None:
    young = [0] * 99 + [1e16]

    assert panel_of([young, *[[3] * 100] * 5]).caps[0] == 120


def test_ordinary_demand_is_not_cut() -> None:
    assert winsorised(shop()).days == 0


def test_the_order_of_series_does_not_matter() -> None:
    panel = shop(60, 120)
    order = np.random.default_rng(3).permutation(60)
    shuffled = replace(panel, demand=panel.demand[order], groups={k: v[order] for k, v in panel.groups.items()})

    assert smoothed(shuffled, 28) == pytest.approx(smoothed(panel, 28)[order])


def test_later_days_change_no_earlier_forecast() -> None:
    panel = shop(60, 200)
    later = panel.demand.copy()
    later[:, 150:] *= 7

    before, after = (smoothed(each.until(150), 28) for each in (panel, replace(panel, demand=later)))

    assert (before == after).all()


def test_baselines() -> None:
    panel = panel_of([range(1, 31)])

    assert seasonal_naive(panel, 9)[0].tolist() == [24, 25, 26, 27, 28, 29, 30, 24, 25]
    assert moving_average(panel, 2)[0].tolist() == [16.5, 16.5]


def test_baselines_of_a_table_of_three_days() -> None:
    panel = panel_of([[0, 4, 5]])

    assert seasonal_naive(panel, 7)[0].tolist() == [0, 0, 0, 0, 0, 4, 5]
    assert moving_average(panel, 1)[0].tolist() == [3]


ODD_AMOUNTS = st.sampled_from([0, 0, 0, 1, 2, 7, 0.25, 1000, 1e16])


@st.composite
def odd_panels(draw: st.DrawFn) -> Panel:
    """A few series of odd amounts over a few days or months, grouped or not."""
    series, days = draw(st.integers(1, 45)), draw(st.sampled_from([1, 2, 6, 7, 28, 29, 60, 90]))
    kinds = draw(st.lists(st.lists(ODD_AMOUNTS, min_size=1, max_size=9), min_size=1, max_size=5))
    rows = [np.resize(kinds[number % len(kinds)], days) for number in range(series)]
    late = draw(st.integers(0, days))
    rows[0][:late] = 0
    names = draw(st.sampled_from([(), ("store",), ("store", "dept")]))
    groups = {name: [str(number % (2 + place)) for number in range(series)] for place, name in enumerate(names)}
    holidays = {MONDAY + timedelta(days=day): "Feast" for day in draw(st.lists(st.integers(0, days + 30), max_size=3))}
    return panel_of(rows, groups, holidays=holidays)


@given(odd_panels(), st.sampled_from([1, 7, 28]))
def test_every_odd_series_gets_a_finite_answer_in_order(panel: Panel, horizon: int) -> None:
    found = forecast(panel, horizon, "default")

    assert found.mean.shape == (len(panel.ids), horizon)
    for part in found.parts:
        assert np.isfinite(part).all()
        assert (part >= 0).all()
    assert (found.q10 <= found.q50).all()
    assert (found.q50 <= found.q90).all()
    never = panel.demand.sum(axis=1) == 0
    assert (found.mean[never] == 0).all()
