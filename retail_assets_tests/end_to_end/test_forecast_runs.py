"""Forecasts through Dagster: by the backfill and by the clock, and what the UI tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.catalogue import FORECASTS
from retail_assets.automation.backfill_report import StageReport
from retail_assets_tests.building import land
from retail_assets_tests.end_to_end.running import Runner, days, land_days, materializations, runner, shop_day

DATES = days("2019-10-01", 45)
NEXT = "2019-11-15"
TABLES = ("warehouse.demand_forecast", "warehouse.forecast_backtest", "warehouse.forecast_errors")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, list[StageReport]]]:
    """Six weeks and a bit, built with forecasts from the last day; and what the backfill reports of these."""
    with runner(tmp_path_factory.mktemp("built")) as run:
        land_days(run.platform, DATES)
        report = run.backfill.run(forecasts=True)
        assert report.succeeded, report
        names = {step.name for step in FORECASTS}
        yield run, [stage for stage in report.stages if stage.step in names]


def test_the_backfill_forecasts_from_the_last_day_when_it_is_asked_to(built: tuple[Runner, list[StageReport]]) -> None:
    run, stages = built

    assert [(stage.made, stage.up_to_date) for stage in stages] == [(3, 0)] * len(FORECASTS)
    for name in ("demand_forecast", *TABLES):
        assert {key.partition("|")[0] for key in run.published(name)} == {DATES[-1]}, name
    again = run.backfill.run(forecasts=True)
    assert [stage.made for stage in again.stages] == [0] * len(again.stages)
    assert all(stage.step not in {step.name for step in FORECASTS} for stage in run.backfill.run().stages)


def test_the_ui_shows_what_is_expected_how_good_that_is_and_what_is_worst(
    built: tuple[Runner, list[StageReport]],
) -> None:
    run, _ = built

    shown = {
        name: {item.partition: item.metadata for item in materializations(run, name)}[f"{DATES[-1]}|brand"]
        for name in ("demand_forecast", "forecast_backtest", "forecast_errors")
    }

    expected = shown["demand_forecast"]["expected"].value
    assert isinstance(expected, str)
    assert "| series | last 28 days | coming 28 days | sold | expected |" in expected
    assert expected.count("█" * 28) >= 2  # the same sales on every day
    assert "| apple |" in expected
    metrics = str(shown["forecast_backtest"]["metrics"].value)
    assert "(published) | all |" in metrics
    assert "zero | all |" in metrics
    worst = str(shown["forecast_errors"]["worst_series"].value)
    assert "| series | class | sold | expected | missed by | rmsse |" in worst
    assert "| apple | " in worst


def test_the_schedule_asks_for_the_latest_day_once(built: tuple[Runner, list[StageReport]]) -> None:
    run, _ = built
    assert _ticked(run).skip_message == f"the forecasts of {DATES[-1]} are up to date"

    land(run.platform, f"{NEXT}.csv", shop_day(NEXT))
    run.backfill.run()
    (asked,) = _ticked(run).run_requests or []
    result = run.run(["demand_forecast", *TABLES], tags=asked.tags)

    assert result.success
    assert {key for key in run.published("warehouse.demand_forecast") if key.startswith(NEXT)} == {
        f"{NEXT}|{kind}" for kind in ("brand", "category_code", "product_id")
    }
    assert "up to date" in str(_ticked(run).skip_message)


def test_without_a_day_there_is_nothing_to_forecast(tmp_path: Path) -> None:
    with runner(tmp_path) as run:
        assert _ticked(run).skip_message == "daily_aggregates has no day that has ended"


def _ticked(run: Runner) -> dg.ScheduleExecutionData:  # type: ignore[name-defined]
    schedule = run.definitions.resolve_schedule_def("daily_forecast")
    with dg.build_schedule_context(
        instance=run.instance, resources={"platform": run.platform}, repository_def=None
    ) as context:
        return schedule.evaluate_tick(context)
