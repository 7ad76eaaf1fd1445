"""Declared sources in Dagster: runs, sensors and backfills, up to the warehouse."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import dagster as dg
import duckdb
import pytest

from retail_assets.assets.forgetting import traces_of
from retail_assets.assets.partitions import range_tags
from retail_assets.assets.platform import Platform
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.declared_sources import look_for_changes, look_for_stale_sources
from retail_assets.automation.taking_in import take_in_sources
from retail_assets.definitions import platform_definitions
from retail_assets.engine.locking import exclusive
from retail_assets.settings import SalesSettings
from retail_assets.sources.declared.intake import Intake
from retail_assets.sources.declared.source import read_sources
from retail_assets_tests.sources.declared.declaring import AMOUNT, AT, DATE, ID, Declared


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as found:
        yield found


@pytest.fixture
def shop(declared: Declared) -> Declared:
    """A dated and an undated source, and a broken one."""
    declared.source("shops", ID, AMOUNT, pattern="shops*")
    declared.source("orders", ID, AT, DATE, pattern="orders*")
    declared.source("broken", ID, format="xml")
    declared.deliver("shops.csv", "id,amount\n1,2\n")
    declared.deliver(
        "orders.jsonl", '{"id": 1, "moment": "2024-03-01T10:00"}\n{"id": 2, "moment": "2024-03-02T10:00"}\n'
    )
    return declared


def _run(
    shop: Declared, instance: dg.DagsterInstance, *keys: str, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    job = platform_definitions(shop.settings).resolve_implicit_global_asset_job_def()
    selection = [dg.AssetKey(key.split("/")) for key in keys]
    return job.execute_in_process(instance=instance, asset_selection=selection, tags=tags, raise_on_error=False)


def test_a_run_takes_in_makes_and_loads(shop: Declared, instance: dg.DagsterInstance) -> None:
    assert _run(shop, instance, "shops", "shops_rejected", "warehouse/shops").success
    tags = range_tags("date", "2024-03-01", "2024-03-02")
    assert _run(shop, instance, "orders", "warehouse/orders", tags=tags).success

    assert shop.rows("shops", "id") == [("1",)]
    with duckdb.connect(str(shop.settings.warehouse_file), read_only=True) as connection:
        assert connection.execute("SELECT date::VARCHAR, id FROM orders ORDER BY id").fetchall() == [
            ("2024-03-01", "1"),
            ("2024-03-02", "2"),
        ]


def test_a_source_that_cannot_be_read_fails_its_run_and_what_was_published_stays(
    shop: Declared, instance: dg.DagsterInstance
) -> None:
    _run(shop, instance, "shops")
    (shop.folder / "in" / "shops.csv").unlink()

    result = _run(shop, instance, "shops")

    assert not result.success
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "shops: there is no file shops* in in; all 1 files that were there are gone" in (failure.description or "")
    assert shop.rows("shops", "id") == [("1",)]


def test_a_broken_source_fails_with_what_is_wrong(shop: Declared, instance: dg.DagsterInstance) -> None:
    result = _run(shop, instance, "broken")

    (event,) = result.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "sources.2.format: Input should be 'csv'" in (failure.description or "")


def test_a_backfill_makes_every_source_that_can_be(shop: Declared, instance: dg.DagsterInstance) -> None:
    report = Backfill(shop.platform, platform_definitions(shop.settings), instance).run()

    stages = {stage.step: (stage.made, len(stage.failed)) for stage in report.stages}
    assert stages["shops"] == stages["warehouse_shops"] == (1, 0)
    assert stages["orders"] == stages["warehouse_orders"] == (2, 0)
    assert stages["broken"] == (0, 1)
    again = Backfill(shop.platform, platform_definitions(shop.settings), instance).run()
    assert {stage.step: stage.made for stage in again.stages if stage.made} == {}


def test_sensors_ask_for_what_is_new_and_then_for_what_is_stale(shop: Declared, instance: dg.DagsterInstance) -> None:
    sources = read_sources(shop.settings.sources_file).sound

    found = look_for_changes(shop.platform, sources)

    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or []
    assert request.run_config["ops"]["sources_taken_in"]["config"]["sources"] == ["shops", "orders"]
    job = platform_definitions(shop.settings).resolve_job_def("take_in_sources")
    assert job.execute_in_process(instance=instance, run_config=request.run_config).success
    assert isinstance(look_for_changes(shop.platform, sources), dg.SkipReason)
    due = look_for_stale_sources(instance, shop.platform, None, sources)
    assert isinstance(due, dg.SensorResult)
    asked = {key.to_user_string() for request in due.run_requests or [] for key in request.asset_selection or []}
    assert {"shops", "shops_rejected", "orders", "orders_rejected"} <= asked
    cursor = due.cursor
    assert set(json.loads(cursor or "")) == {"shops", "orders"}
    assert not look_for_stale_sources(instance, shop.platform, cursor, sources).run_requests


def test_a_look_at_many_sources_asks_for_the_state_once_and_reads_nothing_where_it_is_as_before(
    shop: Declared, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = read_sources(shop.settings.sources_file).sound
    for source in sources:
        shop.make(source.name)
    asked, version = list[str](), Platform.version
    monkeypatch.setattr(Platform, "version", lambda platform: asked.append("version") or version(platform))
    latest = Intake.latest
    monkeypatch.setattr(Intake, "latest", lambda intake: asked.append(intake.source.name) or latest(intake))

    first = look_for_stale_sources(instance, shop.platform, None, sources)
    assert isinstance(first, dg.SensorResult)
    assert not first.run_requests
    assert set(asked) == {"version", "shops", "orders"}
    assert asked.count("version") == 1
    asked.clear()
    look_for_stale_sources(instance, shop.platform, first.cursor, sources)
    assert asked == ["version"]


def test_sources_wait_for_a_backfill(shop: Declared, instance: dg.DagsterInstance) -> None:
    shop.platform.intake("shops").take()
    sources = read_sources(shop.settings.sources_file).sound
    with exclusive(backfill_lock(shop.platform), "backfilling"):
        waiting = look_for_stale_sources(instance, shop.platform, None, sources)

    assert isinstance(waiting, dg.SkipReason)
    assert waiting.skip_message == "`retail backfill` is at work"
    assert look_for_stale_sources(instance, shop.platform, None, sources).run_requests


def _key(found: dg.SensorResult | dg.SkipReason) -> str:
    """The key of the run that is asked for, without the hour."""
    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or []
    return (request.run_key or "").rpartition("} ")[0]


def test_what_came_back_as_it_once_was_is_asked_for_anew(declared: Declared) -> None:
    declared.source("shops", ID)
    sources = read_sources(declared.settings.sources_file).sound
    path = declared.deliver("shops.csv", "id\n1\n")
    first, stamp = _key(look_for_changes(declared.platform, sources)), path.stat().st_mtime_ns
    assert first == _key(look_for_changes(declared.platform, sources)) != ""
    for content, changed_at in (("1", stamp), ("2", stamp + 1)):
        declared.deliver("shops.csv", f"id\n{content}\n")
        os.utime(path, ns=(changed_at, changed_at))
        declared.platform.intake("shops").take()

    declared.deliver("shops.csv", "id\n1\n")
    os.utime(path, ns=(stamp, stamp))

    assert _key(look_for_changes(declared.platform, sources)) != first


def test_an_intake_that_waits_holds_up_nothing(shop: Declared, instance: dg.DagsterInstance) -> None:
    sources = read_sources(shop.settings.sources_file).sound
    for source in sources:
        shop.platform.intake(source.name).take()
    config = {"ops": {"sources_taken_in": {"config": {"sources": ["shops"]}}}}
    instance.create_run_for_job(take_in_sources, run_config=config, status=dg.DagsterRunStatus.NOT_STARTED)

    assert look_for_stale_sources(instance, shop.platform, None, sources).run_requests


def test_a_run_of_the_stale_makes_of_what_was_taken_in(shop: Declared, instance: dg.DagsterInstance) -> None:
    shop.platform.intake("shops").take()
    shop.deliver("shops.csv", "id,amount\n2,2\n")

    assert _run(shop, instance, "shops", tags={"retail/launched_by": "stale_partitions"}).success

    assert shop.rows("shops", "id") == [("1",)]


def test_a_damaged_state_stops_no_other_source(shop: Declared, instance: dg.DagsterInstance) -> None:
    for name in ("shops", "orders"):
        shop.platform.intake(name).take()
    (shop.settings.sources_dir / "shops" / "state.json").write_text("{")
    sources = read_sources(shop.settings.sources_file).sound

    report = Backfill(shop.platform, platform_definitions(shop.settings), instance).run()

    stages = {stage.step: (stage.made, len(stage.failed)) for stage in report.stages}
    assert (stages["shops"], stages["orders"]) == ((0, 1), (2, 0))
    assert isinstance(look_for_changes(shop.platform, sources), dg.SkipReason)
    assert isinstance(look_for_stale_sources(instance, shop.platform, None, sources), dg.SensorResult)


@pytest.mark.parametrize("host", [None, "localhost"])
def test_a_damaged_snapshot_of_the_shop_stops_no_declared_source(
    host: str | None, shop: Declared, instance: dg.DagsterInstance
) -> None:
    chosen = shop.settings = shop.settings.model_copy(update={"sales": SalesSettings(host=host)})
    chosen.extraction_dir.mkdir(parents=True)
    (chosen.extraction_dir / "snapshot.json").write_text("{")

    definitions = platform_definitions(chosen)

    report = Backfill(shop.platform, definitions, instance).run()

    stages = {stage.step: stage for stage in report.stages}
    assert (stages["shops"].made, stages["orders"].made) == (1, 2)
    assert stages["shop_tables"].failed == ("all",)
    assert re.search(r"snapshot\.json is damaged .* Remove it", *stages["shop_tables"].reasons)
    sensor = definitions.resolve_sensor_def("stale_sales")
    resources = {"platform": shop.platform}
    context = dg.build_sensor_context(instance=instance, definitions=definitions, resources=resources)
    assert "snapshot.json is damaged" in str(sensor.evaluate_tick(context).skip_message)


def test_a_backfill_can_leave_the_sources_unasked(shop: Declared, instance: dg.DagsterInstance) -> None:
    shop.platform.intake("shops").take()
    shop.deliver("shops.csv", "id,amount\n2,2\n")

    report = Backfill(shop.platform, platform_definitions(shop.settings), instance).run(asks_sources=False)

    assert shop.rows("shops", "id") == [("1",)]
    assert "orders" not in {stage.step for stage in report.stages}


def test_declared_sources_are_no_traces_of_the_shops_customers(declared: Declared) -> None:
    customer = {"name": "customer_id", "physicalType": "VARCHAR", "classification": "personal"}
    declared.source("people", ID, customer)
    declared.deliver("people.csv", "id,customer_id\n1,7\n")
    declared.make("people")

    assert not {"people", "warehouse.people"} & {trace.dataset for trace in traces_of(declared.platform, "7")}


def test_a_schedule_is_one_of_the_source_and_its_sensor_leaves_it_alone(declared: Declared) -> None:
    declared.source("shops", ID, schedule="0 5 * * *")
    declared.deliver("shops.csv", "id\n1\n")

    definitions = platform_definitions(declared.settings)

    schedule = definitions.resolve_schedule_def("shops_intake")
    assert schedule.cron_schedule == "0 5 * * *"
    assert isinstance(
        look_for_changes(declared.platform, read_sources(declared.settings.sources_file).sound), dg.SkipReason
    )
