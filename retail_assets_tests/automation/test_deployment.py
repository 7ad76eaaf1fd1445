"""The deployment's instance: its dagster.yaml on a real PostgreSQL, with its logs on a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.workspace.load import location_origins_from_yaml_paths

from retail_assets.assets.platform import Platform
from retail_assets.automation.event_log import with_batches
from retail_assets.automation.taking_in import take_in_files
from retail_assets.local_cloud.postgres_server import PostgresServer
from retail_assets.local_cloud.s3_server import BUCKET, S3Server
from retail_assets.settings import Settings
from retail_assets_tests.building import event
from retail_assets_tests.landing.inboxes_on_s3 import put, with_inbox
from retail_assets_tests.servers.shop_database import copy_of

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of an empty database, for the instances of these tests."""
    with copy_of(postgres, "template1") as made:
        yield made.name


@pytest.fixture
def home(
    tmp_path: Path,
    postgres: PostgresServer,
    database: str,
    s3: S3Server,
    on_s3: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The DAGSTER_HOME of a deployment. There is no AWS here: the servers are others, and so is the log's address."""
    variables = {
        "DAGSTER_POSTGRES_HOST": postgres.host,
        "DAGSTER_POSTGRES_PORT": str(postgres.port),
        "DAGSTER_POSTGRES_USER": postgres.user,
        "DAGSTER_POSTGRES_PASSWORD": postgres.password,
        "DAGSTER_POSTGRES_DB": database,
        "PGSSLMODE": "disable",
        "DAGSTER_LOGS_BUCKET": BUCKET,
        "AWS_REGION": s3.region,
        "AWS_DEFAULT_REGION": s3.region,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    config = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    config["compute_logs"]["config"] |= {"endpoint_url": s3.endpoint, "local_dir": str(tmp_path / "logs")}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def test_a_run_of_the_deployment_leaves_its_records_in_postgresql(home: Path, on_s3: Settings) -> None:
    platform = Platform.of(with_inbox(on_s3))
    put(platform, "a.csv", [event()])
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert type(instance.run_launcher).__name__ == "EcsRunLauncher"
        assert with_batches(instance.get_ref()) == instance.get_ref()
        done = take_in_files.execute_in_process(instance=instance, resources={"platform": platform})
        assert done.success
        run_id = done.run_id
    with dg.DagsterInstance.from_config(str(home)) as again:
        run = again.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        (event_record,) = again.fetch_materializations(dg.AssetKey("landed_files"), limit=5).records
        assert event_record.asset_materialization.metadata["rows"].value == 1  # type: ignore[union-attr]


def test_what_steps_print_is_kept_on_s3(home: Path, s3: S3Server) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        manager = instance.compute_log_manager
        key = ["run", "compute_logs", "step"]
        with manager.capture_logs(key):  # type: ignore[attr-defined]
            print("printed by a step")
        data = manager.get_log_data(key)  # type: ignore[attr-defined]
    assert b"printed by a step" in (data.stdout or b"")
    found = s3.client().list_objects_v2(Bucket=BUCKET, Prefix="dagster/storage/run/")
    assert [item["Key"] for item in found["Contents"] if item["Key"].endswith("step.out")]


def test_the_workspace_names_the_code_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_CODE_HOST", "code.retail.internal")
    (origin,) = location_origins_from_yaml_paths([str(DEPLOY / "workspace.yaml")])
    assert (origin.location_name, origin.host, origin.port) == ("retail_assets", "code.retail.internal", 4000)  # type: ignore[attr-defined]


def test_both_instances_agree_in_what_is_not_a_matter_of_place() -> None:
    here, there = (
        yaml.safe_load(path.read_text()) for path in (DEPLOY.parent / "dagster.yaml", DEPLOY / "dagster.yaml")
    )
    for section in ("telemetry", "nux", "python_logs"):
        assert there[section] == here[section]
    assert there["concurrency"]["pools"] == here["concurrency"]["pools"]
