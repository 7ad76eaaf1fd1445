"""A few new days go through several stages in one run each: the same comes of it, and what is bad is tried once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.partitions import of_dates
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.backfill_report import BackfillReport
from retail_assets.automation.together import FEW_DAYS, groups
from retail_assets_tests.building import land
from retail_assets_tests.end_to_end.running import Runner, days, keys_of, land_days, runner, shop_day, state

DAILY = {"raw_events", "clean_events", "rejected_events", "event_books", "product_days"}
SERIES = {"daily_aggregates", "features", "warehouse/features"}
TABLES = {"warehouse/dim_date", "warehouse/dim_product", "warehouse/data_quality"}
MANY = days("2019-10-01", FEW_DAYS + 1)
FIRST, SECOND, THIRD, *_ = MANY


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runner]:
    """A runner on an empty platform."""
    with runner(tmp_path / "platform") as made:
        yield made


def selections(run: Runner, status: dg.DagsterRunStatus = dg.DagsterRunStatus.SUCCESS) -> list[set[str]]:
    """What the runs of that status were asked for, in order of time."""
    runs = run.instance.get_runs(dg.RunsFilter(statuses=[status]), ascending=True)
    return [{key.to_user_string() for key in item.asset_selection or ()} for item in runs]


def require_that_it_adds_up(report: BackfillReport) -> None:
    """Every partition of every stage stands in one place of the report."""
    for step, stage in zip(STEPS, report.stages, strict=True):
        told = stage.up_to_date + stage.made + len(stage.failed) + len(stage.without_input)
        assert (stage.step, told) == (step.name, len(of_dates(step.partitioning, report.dates)))
        assert min(stage.up_to_date, stage.made) >= 0


def test_every_group_reads_only_what_it_makes_itself_or_one_before() -> None:
    before: set[str] = set()
    for group in groups(STEPS):
        assert len({step.partitioning for step in group}) == 1
        for step in group:
            own = {output for step in group for output in step.outputs if step.partitioning != "none"}
            assert {upstream.name for upstream in step.upstreams} <= before | own
        before |= {output for step in group if step.store == "lake" for output in step.outputs}


def test_a_new_day_takes_three_runs(run: Runner) -> None:
    land_days(run.platform, [FIRST])
    require_that_it_adds_up(run.backfill.run())
    assert selections(run) == [DAILY, SERIES, TABLES]

    land_days(run.platform, [SECOND])
    report = run.backfill.run()

    require_that_it_adds_up(report)
    assert [stage.made for stage in report.stages] == [1, 1, 3, 1, 3, 3, 0, 1, 1]
    assert selections(run)[3:] == [DAILY, SERIES, TABLES - {"warehouse/dim_date"}]


def test_many_days_go_stage_by_stage_and_come_to_the_same(run: Runner, tmp_path: Path) -> None:
    land_days(run.platform, MANY)
    require_that_it_adds_up(run.backfill.run())
    assert [sorted(names)[0] for names in selections(run)] == [
        "raw_events",
        "clean_events",
        "product_days",
        "daily_aggregates",
        "features",
        "warehouse/features",
        "warehouse/data_quality",
    ]

    with runner(tmp_path / "other") as other:
        for few in (MANY[:FEW_DAYS], MANY[FEW_DAYS:]):
            land_days(other.platform, few)
            other.backfill.run()
        assert selections(other)[0] == DAILY
        assert state(other.platform) == state(run.platform)


def test_a_bad_day_among_new_ones_is_tried_once_and_holds_up_no_other(run: Runner) -> None:
    dates = [FIRST, SECOND, THIRD]
    land_days(run.platform, dates, bad=[SECOND])

    report = run.backfill.run()

    require_that_it_adds_up(report)
    stages = {stage.step: stage for stage in report.stages}
    assert [(stage.step, stage.failed) for stage in report.stages if stage.failed] == [("clean_events", (SECOND,))]
    (reason,) = stages["clean_events"].reasons
    assert SECOND in reason
    assert "too_many_rejected" in reason
    assert selections(run, dg.DagsterRunStatus.FAILURE) == [DAILY]
    assert run.published("clean_events") == run.published("product_days") == {FIRST, THIRD}
    assert run.published("warehouse.features") == keys_of([FIRST, THIRD])


def test_a_new_day_beside_a_changed_one_comes_to_the_same_as_all_at_once(run: Runner, tmp_path: Path) -> None:
    late = [{**shop_day(FIRST)[0], "event_time": f"{FIRST} 23:59:59 UTC"}]
    land_days(run.platform, [FIRST, SECOND])
    run.backfill.run()
    land_days(run.platform, [THIRD])
    land(run.platform, "late.csv", late)

    report = run.backfill.run()

    require_that_it_adds_up(report)
    assert [stage.made for stage in report.stages] == [2, 2, 6, 2, 9, 9, 0, 1, 1]
    with runner(tmp_path / "other") as other:
        land_days(other.platform, [FIRST, SECOND, THIRD])
        land(other.platform, "late.csv", late)
        other.backfill.run()
        assert state(other.platform) == state(run.platform)


def test_a_run_that_ends_before_any_step_leaves_nothing_up_to_date(run: Runner) -> None:
    @dg.resource
    def broken(_: object) -> None:
        raise OSError("the lake's key is not there")

    land_days(run.platform, [FIRST])
    sound = run.definitions
    resources = {**(sound.resources or {}), "platform": broken}
    definitions = dg.Definitions(sound.assets, asset_checks=sound.asset_checks, resources=resources)

    report = Backfill(run.platform, definitions, run.instance).run()

    require_that_it_adds_up(report)
    assert [stage.up_to_date + stage.made for stage in report.stages] == [0] * len(STEPS)
    assert not report.succeeded
