"""`dagster dev` started for real: the definitions load, and the UI's backfill does what every other way does.

A backfill of the UI takes four ticks of Dagster's backfill daemon, 30 s apart. So both backfills of this file, a good
one and one with a bad day, run at the same time, and the tests look at what they have left.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.catalogue import ON_DEMAND, STEPS
from retail_assets.assets.platform import Platform
from retail_assets.automation.instance import PROJECT, use_instance_of, workspace_file
from retail_assets.settings import Settings
from retail_assets_tests.end_to_end.running import (
    Runner,
    by_backfill,
    days,
    keys_of,
    lake_bytes,
    land_days,
    runner,
    settings_in,
)
from retail_assets_tests.servers.dagster_dev import DagsterDev, dagster_dev, environment_of, home_of, log_tail

GOOD = days("2019-10-01", 3)
SPOILT = days("2020-03-01", 3)  # beyond the four weeks in which features of the good days would see them
BAD = SPOILT[1]
DAILY = ("raw_events", "clean_events", "rejected_events", "event_books")
BY_KEY = ("daily_aggregates", "features")
BACKFILL_SECONDS = 420


@dataclass(frozen=True)
class Backfilled:
    """A running server after the UI's backfills of the good and of the spoilt days, and how these ended."""

    server: DagsterDev
    run: Runner
    good: str
    spoilt: str


def dialog(dates: list[str]) -> dict[str, tuple[str, str]]:
    """What the UI's backfill dialog asks for: from received events to features, for these dates."""
    by_day, by_key = (dates[0], dates[-1]), (f"{dates[0]}|product_id", f"{dates[-1]}|brand")
    return {**dict.fromkeys(DAILY, by_day), **dict.fromkeys(BY_KEY, by_key)}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A platform with a file a day, one day of which is bad."""
    settings = settings_in(tmp_path_factory.mktemp("dev"))
    land_days(Platform.local(settings), GOOD)
    land_days(Platform.local(settings), SPOILT, bad=[BAD])
    return settings


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[DagsterDev]:
    """`dagster dev` on this platform."""
    with dagster_dev(settings) as server:
        yield server


@pytest.fixture(scope="module")
def backfilled(server: DagsterDev, settings: Settings) -> Iterator[Backfilled]:
    """The server when both backfills have ended."""
    good, spoilt = (server.launch_backfill(dialog(dates)) for dates in (GOOD, SPOILT))
    states = server.wait_for_backfills([good, spoilt], BACKFILL_SECONDS)
    with home_of(settings):
        use_instance_of(settings)
        with dg.DagsterInstance.get() as instance:
            yield Backfilled(server, Runner(Platform.local(settings), instance), states[good], states[spoilt])


def test_definitions_load_with_every_asset_and_no_error(server: DagsterDev) -> None:
    found = server.query(
        """{
          workspaceOrError { ... on Workspace { locationEntries {
            name locationOrLoadError { __typename ... on PythonError { message } }
          } } }
          assetNodes { assetKey { path } groupName description isPartitioned }
        }"""
    )

    (location,) = found["workspaceOrError"]["locationEntries"]
    assert location["name"] == "retail_assets.definitions"
    assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation", location
    names = {"/".join(node["assetKey"]["path"]) for node in found["assetNodes"]}
    steps = (*STEPS, *ON_DEMAND)
    made = {f"warehouse/{name}" if step.store == "warehouse" else name for step in steps for name in step.outputs}
    assert names == made | {"landed_files", "retail_aggregates", "retail_report"}
    assert all(node["description"] for node in found["assetNodes"])


def test_the_instance_is_configured_by_the_project_and_lives_in_the_data_folder(
    server: DagsterDev, settings: Settings
) -> None:
    found = server.query("{ instance { info runQueueConfig { maxConcurrentRuns } } }")["instance"]

    assert found["runQueueConfig"]["maxConcurrentRuns"] == 2
    assert f"base_dir: {settings.dagster_home}" in found["info"]


def test_a_backfill_of_the_ui_gives_the_same_bytes_as_one_in_process(backfilled: Backfilled, tmp_path: Path) -> None:
    with runner(tmp_path) as other:
        land_days(other.platform, GOOD)
        by_backfill(other, GOOD)

        assert backfilled.good == "COMPLETED_SUCCESS"
        assert made_of(backfilled.run.platform, GOOD) == made_of(other.platform, GOOD)
        assert digests(backfilled.run.platform, GOOD) == digests(other.platform, GOOD)


def test_no_run_makes_features_together_with_the_aggregates_that_they_look_back_upon(backfilled: Backfilled) -> None:
    """Few dates become one run each, started in any order: features would miss the aggregates of the other dates."""
    chosen = [{key.to_user_string() for key in run.asset_selection or ()} for run in backfilled.run.instance.get_runs()]

    assert [names for names in chosen if "features" in names and "daily_aggregates" not in names]
    assert [names for names in chosen if {"features", "daily_aggregates"} <= names] == []


def test_the_bad_day_is_not_published_and_nothing_downstream_of_it_is_made(backfilled: Backfilled) -> None:
    run = backfilled.run

    assert backfilled.spoilt == "COMPLETED_FAILED"
    assert of_dates(run.published("raw_events"), SPOILT) == set(SPOILT)
    for dataset in DAILY[1:]:
        assert of_dates(run.published(dataset), SPOILT) == set(SPOILT) - {BAD}
    for dataset in BY_KEY:
        assert of_dates(run.published(dataset), [BAD]) == set()
    for dataset in (*DAILY, *BY_KEY):
        assert run.materialized(dataset) == run.published(dataset)


def test_the_failed_run_names_the_bad_day(backfilled: Backfilled) -> None:
    instance = backfilled.run.instance
    (failed,) = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))

    errors = [
        entry.dagster_event.step_failure_data.user_failure_data.description
        for entry in instance.all_logs(failed.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        if entry.dagster_event and entry.dagster_event.step_failure_data.user_failure_data
    ]

    assert ["too_many_rejected" in str(error) and BAD in str(error) for error in errors] == [True]


def test_the_good_days_go_on_and_the_platforms_own_backfill_makes_what_is_left(backfilled: Backfilled) -> None:
    """To Dagster, features of the four weeks after the bad day are downstream of it too: it leaves them."""
    run, (first, _, last) = backfilled.run, SPOILT
    assert of_dates(run.published("daily_aggregates"), SPOILT) == keys_of([first, last])
    assert of_dates(run.published("features"), SPOILT) == keys_of([first])

    report = run.backfill.run()

    stages = {stage.step: stage for stage in report.stages}
    assert [stages[name].made for name in ("raw_events", "clean_events", "daily_aggregates")] == [0, 0, 0]
    assert stages["clean_events"].failed == (BAD,)
    assert stages["features"].made == 3
    assert of_dates(run.published("features"), SPOILT) == keys_of([first, last])


def test_definitions_validate(settings: Settings) -> None:
    """What one runs before a deployment."""
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(workspace_file())]
    with home_of(settings) as home:
        done = subprocess.run(
            command, cwd=PROJECT, env=environment_of(settings, home), capture_output=True, text=True, timeout=180
        )

    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stdout + done.stderr


def test_the_log_holds_no_error_of_the_servers(backfilled: Backfilled) -> None:
    assert "Traceback" not in log_tail(backfilled.server.log)


def of_dates(keys: set[str], dates: list[str]) -> set[str]:
    """The keys of these dates."""
    return {key for key in keys if key[:10] in dates}


def made_of(platform: Platform, dates: list[str]) -> Mapping[str, str]:
    """The bytes of what depends on keys, of these dates."""
    found = lake_bytes(platform, *BY_KEY)
    return {name: sha for name, sha in found.items() if any(f"date={day}/" in name for day in dates)}


def digests(platform: Platform, dates: list[str]) -> dict[tuple[str, str], tuple[str, str, str]]:
    """What the manifests say of these dates: content, inputs and code."""
    lake = platform.stores["lake"]
    contracts = {item.name: item for step in STEPS for item in step.contracts() if item.name in (*DAILY, *BY_KEY)}
    return {
        (name, partition.key): (entry.digest, entry.inputs, entry.code)
        for name, item in contracts.items()
        for partition, entry in lake.published(item).items()
        if partition.get("date") in dates
    }
