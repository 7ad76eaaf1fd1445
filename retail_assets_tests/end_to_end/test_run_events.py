"""What runs tell the UI: materializations, their metadata, and the verdicts of checks, partition by partition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from retail_assets.assets.catalogue import ON_DEMAND
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.assets.landed_files import LANDED_FILES
from retail_assets_tests.building import land
from retail_assets_tests.end_to_end.running import (
    Runner,
    asset_by_asset,
    days,
    keys_of,
    land_days,
    materializations,
    runner,
    shop_day,
    together,
)

DATES = days("2019-10-01", 3)
FIRST, BAD, LAST = DATES


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runner]:
    """A runner on an empty platform."""
    with runner(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, list[dg.ExecuteInProcessResult]]]:
    """Three good days, each dataset made by one range run; and the results of these runs."""
    with runner(tmp_path_factory.mktemp("built")) as made:
        land_days(made.platform, DATES)
        yield made, asset_by_asset(made, DATES)


Built = tuple[Runner, list[dg.ExecuteInProcessResult]]


@pytest.mark.parametrize("dataset", ["raw_events", "clean_events", "event_books", "features", "warehouse.features"])
def test_one_materialization_a_partition_with_what_it_holds_and_cost(built: Built, dataset: str) -> None:
    run, _ = built

    found = materializations(run, dataset)

    assert sorted(item.partition or "" for item in found) == sorted(run.published(dataset))
    rows = [item.metadata["dagster/partition_row_count"].value for item in found]
    assert {item.metadata["dagster/row_count"].value for item in found} == {sum(map(int, map(str, rows)))}
    for item in found:
        assert str(item.metadata["digest"].value).startswith(f"{item.metadata['dagster/partition_row_count'].value}-")
        assert item.metadata["bytes"].value
        assert item.metadata["seconds"].value
        assert item.metadata["peak_memory_mb"].value
        assert "| column | row 1 |" in str(item.metadata["preview"].value)


def test_the_preview_and_the_path_are_those_of_the_partition(built: Built) -> None:
    run, _ = built

    for item in materializations(run, "clean_events"):
        assert f"| event_time | {item.partition} " in str(item.metadata["preview"].value)
        assert f"date={item.partition}" in str(item.metadata["object"].value)
        assert Path(str(item.metadata["object"].value)).is_file()
    previews = {item.partition: item.metadata["preview"].value for item in materializations(run, "warehouse.features")}
    assert "| key_value | apple | samsung |" in str(previews[f"{FIRST}|brand"])


def test_a_preview_shows_what_came_and_does_nothing_else(run: Runner) -> None:
    land(run.platform, "a.csv", [{**item, "brand": "![x](http://evil/x.png)|<b>"} for item in shop_day(FIRST)])
    for dataset in ("raw_events", "clean_events"):
        run.run([dataset], FIRST)

    (item,) = materializations(run, "clean_events")

    shown = r"!\[x\](http://evil/x.png)\|\<b\>"
    assert f"| brand | {shown} | {shown} |" in str(item.metadata["preview"].value)


def test_column_lineage_comes_with_every_materialization(built: Built) -> None:
    run, _ = built

    lineage = [item.metadata["dagster/column_lineage"].value for item in materializations(run, "features")]

    assert len(lineage) == 9
    for item in lineage:
        assert isinstance(item, dg.TableColumnLineage)
        sources = {(dep.asset_key.to_user_string(), dep.column_name) for dep in item.deps_by_column["MA7"]}
        assert ("daily_aggregates", "purchases_t") in sources


def test_unpartitioned_tables_have_one_materialization_with_rows_and_preview(built: Built) -> None:
    run, _ = built

    (found,) = materializations(run, "warehouse.dim_product")

    assert found.partition is None
    assert found.metadata["dagster/row_count"].value == 3
    assert "| product_id | 10 | 11 | 12 |" in str(found.metadata["preview"].value)


def test_every_check_has_one_result_a_run(built: Built) -> None:
    run, results = built

    evaluations = [item for result in results for item in result.get_asset_check_evaluations()]

    found = {(item.asset_key.to_user_string(), item.check_name): item for item in evaluations}
    assert len(found) == len(evaluations)
    keys = run.definitions.resolve_asset_graph().asset_check_keys
    others = {LANDED_FILES, *(asset_key(step, output) for step in ON_DEMAND for output in step.outputs)}
    of_runs = {(key.asset_key.to_user_string(), key.name) for key in keys if key.asset_key not in others}
    assert found.keys() == of_runs  # landed files are reported outside of any run
    assert all(item.passed for item in evaluations)
    contract = found["clean_events", "contract"]
    assert contract.metadata["partitions"].value == 3  # not 9, though three datasets are made together
    assert contract.description == "passed in all 3 partitions"


def test_of_a_range_run_with_a_bad_day_every_day_is_evaluated_by_itself(run: Runner) -> None:
    land_days(run.platform, DATES, bad=[BAD])
    run.run_range(["raw_events"], FIRST, LAST)

    found = run.run_range(["clean_events"], FIRST, LAST).get_asset_check_evaluations()

    share = {item.partition: item for item in found if item.check_name == "rejected_share"}
    assert {partition: item.passed for partition, item in share.items()} == {
        FIRST: True, BAD: False, LAST: True, None: False,
    }  # fmt: skip
    assert (share[BAD].blocking, share[BAD].severity) == (True, dg.AssetCheckSeverity.ERROR)
    assert "too_many_rejected: 49.0 % of 49 rows" in str(share[BAD].description)
    assert share[None].description == f"failed in 1 of 3 partitions: {BAD}"
    assert "too_many_rejected" in str(share[None].metadata[BAD].value)
    assert not any(never_evaluated(run, "clean_events", item.check_name) for item in found)


def test_so_is_the_bad_day_where_the_range_is_that_day_alone(run: Runner) -> None:
    land_days(run.platform, [BAD], bad=[BAD])
    run.run_range(["raw_events"], BAD, BAD)

    found = run.run_range(["clean_events"], BAD, BAD).get_asset_check_evaluations()

    assert [item.partition for item in found if item.check_name == "rejected_share"] == [BAD, None]
    assert never_evaluated(run, "clean_events", "rejected_share") == set()


def test_a_warning_names_its_partition_and_holds_nothing_back(run: Runner) -> None:
    land_days(run.platform, [FIRST, LAST])
    land(run.platform, f"{BAD}.csv", [{**item, "price": "9.123456"} for item in shop_day(BAD)])

    results = together(run, DATES)

    evaluations = [item for result in results for item in result.get_asset_check_evaluations()]
    warned = [item for item in evaluations if item.check_name == "rounded_prices" and not item.passed]
    assert [(item.partition, item.severity.value, item.blocking) for item in warned] == [
        (BAD, "WARN", False),
        (None, "WARN", False),
    ]
    assert run.published("features") == keys_of(DATES)
    (odd,) = (item for item in materializations(run, "clean_events") if item.partition == BAD)
    assert odd.metadata["warnings"].value == "rounded_prices: 25 prices were rounded to four decimals"


def test_a_bad_partition_alone_has_its_verdict_in_the_result_and_no_materialization(run: Runner) -> None:
    land_days(run.platform, [BAD], bad=[BAD])
    run.run(["raw_events"], BAD)

    found = run.run(["clean_events"], BAD).get_asset_check_evaluations()

    (share,) = (item for item in found if item.check_name == "rejected_share")
    assert not share.passed
    assert "too_many_rejected: 49.0 % of 49 rows" in str(share.description)
    assert materializations(run, "clean_events") == []


def never_evaluated(run: Runner, asset: str, check: str) -> set[str | None]:
    """The partitions whose evaluation was planned and never came: the UI shows them as crashed."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    history = run.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)
    return {record.partition for record in history if record.status.value == "PLANNED"}
