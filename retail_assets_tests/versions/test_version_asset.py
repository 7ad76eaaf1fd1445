"""Dataset versions through Dagster."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.version_asset import retail_aggregates
from retail_assets.assets.versioning import shelf
from retail_assets.contracts import contract
from retail_assets.definitions import platform_definitions
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land


def run(platform: Platform, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """One run of the asset with the definitions that `dagster dev` loads."""
    job = platform_definitions(platform.settings).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance, asset_selection=[retail_aggregates.key], raise_on_error=False
    )  # fmt: skip


def materialization(instance: dg.DagsterInstance) -> tuple[dict[str, Any], str]:
    """The values of the latest materialization's metadata, and its data version."""
    found = instance.get_latest_materialization_event(retail_aggregates.key)
    assert found
    assert found.asset_materialization
    values = {name: value.value for name, value in found.asset_materialization.metadata.items()}
    return values, (found.asset_materialization.tags or {})["dagster/data_version"]


def test_a_materialization_publishes_a_version_and_shows_it(shop: Platform) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(shop, instance).success

        (version,) = shelf(shop).versions()
        values, data_version = materialization(instance)
        assert (values["version"], values["is_new"], values["path"]) == (version.reference, True, str(version.folder))
        assert (values["dagster/row_count"], values["dates"], values["files"]) == (version.rows, 2, 6)
        assert data_version == values["digest"] == version.digest


def test_the_same_features_keep_their_data_version(shop: Platform) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run(shop, instance)
        _, before = materialization(instance)
        run(shop, instance)
        values, same = materialization(instance)
        land(shop, "one.csv", [event()])
        build(shop, "raw_events", "clean_events", "daily_aggregates", "features")
        run(shop, instance)
        other_values, other = materialization(instance)

    assert (same, values["version"], values["is_new"]) == (before, "retail_aggregates:1", False)
    assert other != before
    assert other_values["version"] == "retail_aggregates:2"


def test_nothing_to_publish_fails_the_run_and_says_why(platform: Platform) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(platform, instance)

    (failed,) = result.filter_events(lambda found: found.is_step_failure)
    assert not result.success
    assert "Run `retail backfill` first" in failed.step_failure_data.user_failure_data.description


@pytest.fixture
def spec(settings: Settings) -> dg.AssetSpec:
    """The asset as the UI shows it before any run."""
    specs = platform_definitions(settings).resolve_all_asset_specs()
    return next(spec for spec in specs if spec.key == retail_aggregates.key)


def test_the_asset_says_what_it_is_and_what_it_is_made_from(spec: dg.AssetSpec) -> None:
    (upstream,) = spec.deps

    assert (spec.group_name, spec.kinds, spec.owners) == ("clickstream", {"parquet"}, ["team:retail-data"])
    assert (upstream.asset_key, spec.partitions_def) == (dg.AssetKey("features"), None)
    assert "numbered snapshots of features" in str(spec.description)
    names = [column.name for column in spec.metadata["dagster/column_schema"].columns]
    assert names == [column.name for column in contract("features").columns]
