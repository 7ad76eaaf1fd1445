"""Redshift as an IO manager for assets that are not ours, and its credentials, which are nowhere to be seen."""

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from pydantic import SecretStr

from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.settings import Settings, settings
from retail_assets.warehouse.redshift import RedshiftError, RedshiftIOManager, RedshiftStore

DAILY = dg.DailyPartitionsDefinition("2019-10-01", end_date="2019-10-05")
BOOKS = {"stage": ["cleaning", "cleaning"], "reason": ["clean", "it's"], "rows": [1, 2]}


@pytest.fixture(autouse=True)
def fresh_settings(cloud_settings: Settings) -> Iterator[None]:
    """The IO manager reads the environment, as it does in a code location."""
    settings.cache_clear()
    yield
    settings.cache_clear()


def _assets(seen: list[Any]) -> list[dg.AssetsDefinition]:
    @dg.asset(partitions_def=DAILY, io_manager_key="redshift")
    def event_books(context: dg.AssetExecutionContext) -> pa.Table:
        return pa.table(BOOKS)

    @dg.asset(partitions_def=DAILY, ins={"books": dg.AssetIn("event_books", input_manager_key="redshift")})
    def table_reader(books: pa.Table) -> None:
        seen.append(books)

    @dg.asset(partitions_def=DAILY, ins={"books": dg.AssetIn("event_books", input_manager_key="redshift")})
    def lazy_reader(books: Dataset) -> None:
        seen.append(books.to_arrow())

    return [event_books, table_reader, lazy_reader]


def _materialize(day: str, **redshift: Any) -> tuple[dg.ExecuteInProcessResult, list[Any]]:
    seen: list[Any] = []
    resources = {"redshift": RedshiftIOManager(redshift=redshift), "io_manager": dg.mem_io_manager}
    done = dg.materialize(_assets(seen), partition_key=day, resources=resources, raise_on_error=False)
    return done, seen


@pytest.mark.parametrize("inline_rows", [100, 0])
def test_rows_go_in_and_come_out_as_far_as_the_partition_goes(inline_rows: int) -> None:
    for day in ("2019-10-01", "2019-10-02"):
        done, seen = _materialize(day, inline_rows=inline_rows)

        assert done.success
        assert len(seen) == 2
        for table in seen:
            assert sorted(table.select(["reason", "rows"]).to_pylist(), key=lambda row: row["rows"]) == [
                {"reason": "clean", "rows": 1},
                {"reason": "it's", "rows": 2},
            ]
            assert {str(value) for value in table.column("date").to_pylist()} == {day}


def test_a_password_is_no_configuration() -> None:
    with pytest.raises(ValueError, match="set RETAIL_REDSHIFT_PASSWORD"):
        _ = RedshiftIOManager(redshift={"password": "x"}).store


def test_no_credentials_anywhere(
    cloud: LocalCloud, cloud_settings: Settings, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """In what is logged, recorded, raised, printed or represented, of runs that succeed and runs that fail."""
    secrets = (cloud.redshift.password, cloud.s3.secret)
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    changes = (
        {},
        {"inline_rows": 0},
        {"port": 1},
        {"user": "nobody"},
        {"iam_role": "arn:aws:iam::123456789012:role/x"},
    )
    with dg.instance_for_test() as instance:
        for day, changed in zip(DAILY.get_partition_keys() * 2, changes, strict=False):
            resources = {"redshift": RedshiftIOManager(redshift=changed), "io_manager": dg.mem_io_manager}
            assets = _assets([])
            done = dg.materialize(
                assets, partition_key=day, resources=resources, instance=instance, raise_on_error=False
            )
            assert done.success == (not {"port", "user", "iam_role"} & changed.keys())
            told += [repr(entry) for entry in instance.all_logs(done.run_id)]
            told += [repr(resources["redshift"]), str(resources["redshift"].store)]
    wrong = cloud_settings.redshift.model_copy(update={"password": SecretStr("wrong"), "database": "nope"})
    for redshift in (wrong, cloud_settings.redshift.model_copy(update={"port": 1})):
        store = RedshiftStore(cloud_settings.model_copy(update={"redshift": redshift}))
        with pytest.raises(RedshiftError) as caught:
            store.published(contract("event_books"))
        told += ["".join(traceback.format_exception(caught.value)), repr(store), repr(caught.value)]
    told += [record.getMessage() for record in caplog.records]
    told += [*capfd.readouterr()]

    assert "not authorized to assume IAM Role" in " ".join(told)  # there is something to look through
    for text in told:
        for secret in secrets:
            assert secret not in text
