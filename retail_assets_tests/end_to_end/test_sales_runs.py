"""Sales through Dagster: definitions, sensors, backfills and the command line, with a synthetic shop as source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retail_assets.assets import sales_export_asset
from retail_assets.assets.catalogue import sales_steps
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.platform import Platform
from retail_assets.assets.sales_days import known_days
from retail_assets.assets.sales_export import export_location, export_sales
from retail_assets.automation.backfill import Backfill
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.automation.choice import Chosen, stage_of
from retail_assets.automation.looking import Wanted, look_for_stale
from retail_assets.automation.sales import look_for_changes
from retail_assets.automation.stages import Stages
from retail_assets.definitions import platform_definitions
from retail_assets.engine.locking import exclusive
from retail_assets.engine.s3_errors import S3Error
from retail_assets.settings import Settings
from retail_assets.sources.postgres import connection
from retail_assets.sources.postgres.marks import Marks
from retail_assets_tests.building import build, event, land, rows
from retail_assets_tests.oracles.sales import SalesOracle
from retail_assets_tests.servers.shop_database import FIRST, LAST, ShopDatabase


@pytest.fixture
def work(small_shop: ShopDatabase, tmp_path: Path) -> Iterator[Backfill]:
    """A backfill of a platform that reads the shop."""
    chosen = small_shop.settings(tmp_path)
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield Backfill(Platform.local(chosen), platform_definitions(chosen), instance)


def made(report: Any) -> dict[str, int]:
    """What a backfill made, by step."""
    return {stage.step: stage.made for stage in report.stages if stage.made}


def test_a_backfill_makes_sales_and_a_second_one_only_what_changed(small_shop: ShopDatabase, work: Backfill) -> None:
    first = work.run()

    assert first.succeeded, [stage.reasons for stage in first.stages if stage.reasons]
    days = (LAST - FIRST).days + 1
    steps = [*(step.name for step in sales_steps()), "sales_export"]
    assert [made(first)[name] for name in steps] == [1, 1, days, days, 1, days, days, days, days, 1, 1]
    paid = small_shop.rows("SELECT sum(amount) FROM payment")[0][0]
    assert rows(work.platform, "SELECT sum(net_amount) AS net FROM sales_by_category", "sales_by_category") == [
        {"net": paid}
    ]
    assert paid == sum((net for _, _, _, net, _ in SalesOracle(small_shop).cut().values()), Decimal(0))
    assert work.instance.get_materialized_partitions(dg.AssetKey("sales")) == {f"2019-11-0{n}" for n in (1, 2, 3)}

    assert made(work.run()) == {}
    small_shop.run("DELETE FROM payment WHERE payment_id = (SELECT min(payment_id) FROM payment)")
    third = made(work.run())
    assert (third["sales"], third["sales_cuts"], third["warehouse_sales"], third["sales_export"]) == (1, 1, 1, 1)


def test_a_backfill_without_its_database_fails_and_names_it(small_shop: ShopDatabase, work: Backfill) -> None:
    work.run()
    before = work.platform.version()
    small_shop.run("ALTER TABLE payment RENAME TO payments")

    report = work.run()

    assert not report.succeeded
    (stage,) = [stage for stage in report.stages if stage.failed]
    assert stage.step == "shop_tables"
    assert any("there is no table public.payment" in reason for reason in stage.reasons)
    assert work.platform.version() == before


def _damage(work: Backfill, monkeypatch: pytest.MonkeyPatch) -> str:
    work.platform.settings.forgotten_file.write_text("{")
    return "forgotten.json, which keeps forgotten customers from coming back, is damaged"


def _refuse_the_marks(work: Backfill, monkeypatch: pytest.MonkeyPatch) -> str:
    def refused(_: Marks) -> None:
        raise S3Error("s3://shop/_forgotten.json cannot be read: no permission")

    monkeypatch.setattr(Marks, "read", refused)
    return "s3://shop/_forgotten.json cannot be read"


def _hide_the_extension(work: Backfill, monkeypatch: pytest.MonkeyPatch) -> str:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("DuckDB has no postgres_scanner: pip install 'retail-assets[sales]'")

    monkeypatch.setattr(connection, "load_extension", missing)
    return "pip install 'retail-assets[sales]'"


@pytest.mark.parametrize("fault", [_damage, _refuse_the_marks, _hide_the_extension])
def test_what_keeps_the_shop_from_being_read_fails_its_stage_and_no_other(
    fault: Callable[[Backfill, pytest.MonkeyPatch], str], work: Backfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.platform.settings.data_dir.mkdir(exist_ok=True)
    said = fault(work, monkeypatch)

    report = work.run()

    failed = {stage.step: stage.reasons for stage in report.stages if stage.failed}
    assert list(failed) == ["shop_tables"]
    assert said in " ".join(failed["shop_tables"])
    tables = sales_steps()[0]
    run = work.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=work.instance,
        asset_selection=[asset_key(tables, output) for output in tables.outputs],
        raise_on_error=False,
    )
    (event,) = run.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert said in (failure.description or "")


def test_ctrl_c_during_the_export_ends_the_backfill(work: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sales_export_asset, "export_sales", interrupted)

    with pytest.raises(KeyboardInterrupt):
        work.run()


def test_sensors_notice_changes_and_ask_for_what_follows(small_shop: ShopDatabase, work: Backfill) -> None:
    work.run()
    platform, instance = work.platform, work.instance
    assert isinstance(look_for_changes(instance, platform), dg.SkipReason)
    small_shop.run("UPDATE payment SET amount = 1 WHERE payment_date::date = '2019-11-02'")

    asked = look_for_changes(instance, platform)
    assert isinstance(asked, dg.SensorResult)
    tables = sales_steps()[0]
    run = work.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance, asset_selection=[asset_key(tables, output) for output in tables.outputs]
    )
    assert run.success
    assert isinstance(look_for_changes(instance, platform), dg.SkipReason)

    def due() -> list[list[str]]:
        found = look_for_stale(instance, platform, None, lambda: Wanted(sales_steps(), known_days(platform)))
        requests = found.run_requests or [] if isinstance(found, dg.SensorResult) else []
        return [sorted(key.to_user_string() for key in item.asset_selection or []) for item in requests]

    assert due() == [["customer_value", "joined_sales", "rejected_sales", "warehouse/customer_value"]]
    joined = sales_steps()[1]
    Stages(platform, work.definitions, instance).make(stage_of(platform, joined, Chosen((), ())))
    days = [item for item in due() if "sales" in item]
    assert len(days) == 1


def test_the_export_is_asked_for_once_a_change_and_waits_for_whoever_makes_sales(
    work: Backfill,
) -> None:
    """The files were removed; then another dataset is published, which is no reason to ask for them again."""
    work.run()
    platform, instance = work.platform, work.instance
    (Path(export_location(platform)) / "_files.json").unlink()
    sensor = work.definitions.resolve_sensor_def("stale_sales")

    def asked() -> list[str]:
        context = dg.build_sensor_context(
            instance=instance, definitions=work.definitions, resources={"platform": platform}
        )
        requests = sensor.evaluate_tick(context).run_requests or []
        return [(request.run_key or "").rpartition(" ")[0] for request in requests]  # without the hour

    (key,) = asked()
    land(platform, "day.csv", [event()])
    build(platform, "raw_events")
    assert asked() == [key]
    with exclusive(backfill_lock(platform), "backfilling"):
        assert asked() == []
    job = work.definitions.resolve_implicit_global_asset_job_def()
    for name in ("sales", "sales_export"):
        running = instance.create_run_for_job(
            job, asset_selection=frozenset({dg.AssetKey(name)}), status=dg.DagsterRunStatus.STARTED
        )
        assert asked() == []
        instance.report_run_canceled(running)
    export_sales(platform)
    assert asked() == []


def test_without_a_database_nothing_is_said_of_sales(tmp_path: Path) -> None:
    plain = platform_definitions(Settings(data_dir=tmp_path))

    names = {spec.key.to_user_string() for spec in plain.resolve_all_asset_specs()}
    assert not [name for name in names if "sales" in name or "shop" in name]
    assert "shop_changes" not in {sensor.name for sensor in plain.sensors or []}


def test_the_definitions_show_sales_in_their_own_group(small_shop: ShopDatabase, tmp_path: Path) -> None:
    chosen = small_shop.settings(tmp_path, password="a secret of the shop")
    definitions = platform_definitions(chosen)

    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    assert {specs[name].group_name for name in ("raw_payment", "joined_sales", "sales", "sales_by_region")} == {"sales"}
    assert specs["sales"].partitions_def.start.year == 2005
    assert {dep.asset_key.to_user_string() for dep in specs["raw_payment"].deps} == {"shop_database"}
    assert all((spec.description or "").strip() for spec in specs.values())
    assert "a secret of the shop" not in repr([spec.metadata for spec in specs.values()])
    assert {schedule.name for schedule in definitions.schedules or []} >= {"nightly_extraction"}
