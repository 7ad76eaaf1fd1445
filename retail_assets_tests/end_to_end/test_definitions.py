"""What the UI shows of the assets before any run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retail_assets.assets import documentation, versioning
from retail_assets.assets.catalogue import STEPS, step_of
from retail_assets.assets.dataset_asset import asset_key
from retail_assets.automation.instance import PROJECT
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets_tests.end_to_end.running import settings_in

BESIDE_STEPS = {"landed_files", versioning.NAME, "retail_report"}
"""Assets that no step makes."""


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The platform's definitions."""
    return platform_definitions(settings_in(tmp_path_factory.mktemp("nowhere")))


@pytest.fixture(scope="module")
def all_specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset by its name."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def specs(all_specs: dict[str, dg.AssetSpec]) -> dict[str, dg.AssetSpec]:
    """Every asset that a step makes, by its name."""
    return {name: spec for name, spec in all_specs.items() if name not in BESIDE_STEPS}


def columns_of(spec: dg.AssetSpec) -> dict[str, Any]:
    return {column.name: column for column in spec.metadata["dagster/column_schema"].columns}


def test_every_output_of_every_step_is_an_asset(specs: dict[str, dg.AssetSpec]) -> None:
    outputs = {(step.store, output) for step in STEPS for output in step.outputs}
    assert specs.keys() == {name if store == "lake" else f"{store}/{name}" for store, name in outputs}


def test_assets_beside_the_steps_say_what_they_are(all_specs: dict[str, dg.AssetSpec]) -> None:
    for name in BESIDE_STEPS:
        assert (all_specs[name].description or "").strip(), name
        assert all_specs[name].owners == ["team:retail-data"], name
    assert [dep.asset_key for dep in all_specs["raw_events"].deps] == [all_specs["landed_files"].key]


def test_every_asset_says_what_it_is_and_whose(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert (spec.description or "").strip(), name
        assert spec.owners == ["team:retail-data"], name
        assert spec.group_name == ("warehouse" if name.startswith("warehouse/") else "clickstream"), name
        assert spec.kinds == {"duckdb", "table" if name.startswith("warehouse/") else "parquet"}, name
        assert spec.code_version, name
        assert spec.tags["domain"] in ("clickstream", "warehouse"), name
        assert spec.tags["partitions"] in ("none", "date", "date_and_key"), name


def test_every_asset_shows_its_columns_its_sql_and_where_both_are_written(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        columns = columns_of(spec)
        assert list(columns) == [column.name for column in contract(spec.key.path[-1]).columns], name
        assert all(column.description for column in columns.values()), name
        assert "SELECT" in spec.metadata["SQL"].value, name
        references = spec.metadata["dagster/code_references"].code_references
        assert [Path(item.file_path).suffix for item in references][-2:] == [".sql", ".yaml"], name
        assert all(Path(item.file_path).is_file() for item in references), name


def test_constraints_are_short_and_say_what_a_value_must_be(specs: dict[str, dg.AssetSpec]) -> None:
    columns = {name: column.constraints for name, column in columns_of(specs["features"]).items()}

    assert columns["key_type"].other == ["product_id", "category_code", "brand", "part of the key"]
    assert columns["key_value"].other == ["not empty", "part of the key"]
    assert columns["purchases_t"].other == ["≥ 0"]
    assert columns["price_mean_t"].other == ["> 0"]
    assert columns["window_days_present"].other == ["1 to 28"]
    assert (columns["MA7"].nullable, columns["purchases_t-1"].nullable) == (False, True)
    assert columns_of(specs["warehouse/dim_product"])["product_id"].constraints.unique


def test_reject_reasons_are_part_of_the_documentation(specs: dict[str, dg.AssetSpec]) -> None:
    rules = specs["clean_events"].metadata["rules"].value

    reason = "price is missing, not a plain number, not finite, or not above zero."
    assert f"| invalid_price | {reason} | rejected |" in rules
    assert "| excluded |" in rules


def test_a_table_that_repeats_a_dataset_says_so(specs: dict[str, dg.AssetSpec]) -> None:
    assert str(specs["warehouse/features"].description).startswith(step_of("warehouse.features").description)


def test_the_code_version_follows_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    step, item = step_of("clean_events"), contract("clean_events")
    before = documentation.code_version(step)
    looser = replace(item, reject_reasons=item.reject_reasons[:-1])
    reworded = replace(item, purpose="other words")

    monkeypatch.setattr(
        type(step), "contracts", lambda self: [reworded, contract("rejected_events"), contract("event_books")]
    )
    assert documentation.code_version(step) == before
    monkeypatch.setattr(
        type(step), "contracts", lambda self: [looser, contract("rejected_events"), contract("event_books")]
    )
    assert documentation.code_version(step) != before


def test_every_check_says_what_it_checks_and_blocks_unless_it_only_warns(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()

    found = {(key.asset_key.to_user_string(), key.name): graph.get_check_spec(key) for key in graph.asset_check_keys}

    assert all(spec.description for spec in found.values())
    assert {key for key, spec in found.items() if spec.blocking} >= {
        *((asset_key(step, step.outputs[0]).to_user_string(), "contract") for step in STEPS),
        ("clean_events", "books"),
        ("clean_events", "rejected_share"),
        ("daily_aggregates", "reconciliation"),
        ("features", "features_match_aggregates"),
    }
    assert {key for key, spec in found.items() if not spec.blocking} >= {
        ("raw_events", "volume"),
        ("clean_events", "key_coverage"),
        ("clean_events", "rounded_prices"),
        ("clean_events", "bots"),
        ("features", "price_history"),
        ("warehouse/data_quality", "freshness"),
    }


def test_what_looks_back_never_shares_a_run_of_the_daemon_with_what_it_looks_back_upon(
    definitions: dg.Definitions,
) -> None:
    """Else the daemon would start such runs date by date, in any order: equal policies are what it asks for."""
    graph = definitions.resolve_asset_graph()
    looking_back = [(step, upstream) for step in STEPS for upstream in step.upstreams if upstream.lookback_days]

    assert [(step.name, upstream.name) for step, upstream in looking_back] == [("features", "daily_aggregates")]
    for step, upstream in looking_back:
        mine, theirs = graph.get(asset_key(step, step.name)), graph.get(dg.AssetKey(upstream.name))
        assert mine.backfill_policy != theirs.backfill_policy


def test_the_picture_in_the_readme_shows_every_asset(all_specs: dict[str, dg.AssetSpec]) -> None:
    picture = (PROJECT / "docs" / "asset_graph.svg").read_text(encoding="utf-8")

    names = Counter(spec.key.path[-1] for spec in all_specs.values())
    assert {name: picture.count(f">{name}</text>") for name in names} == names
