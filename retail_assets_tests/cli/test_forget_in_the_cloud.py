"""`retail forget` on S3 and the stand-in of Redshift, by machines whose folders are scratch."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.assets.forgetting import traces_of
from retail_assets.assets.platform import Platform
from retail_assets.cli.opening import forget_settings
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import Settings
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.servers.shop_database import ShopDatabase

CUSTOMER = "5"


@pytest.fixture
def machines(
    cloud_settings: Settings, small_shop: ShopDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machines:
    """Machines of one platform in the cloud that reads the shop."""
    for name, value in small_shop.environment(personal_data="keep", incremental_rows="0").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Machines(tmp_path, monkeypatch)


class Machines:
    """Folders that share nothing but the settings of the cloud."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch

    def enter(self, name: str) -> Platform:
        """Work on this machine from now on."""
        self.monkeypatch.setenv("RETAIL_DATA_DIR", str(self.folder / name))
        forget_settings()
        return Platform.of(Settings())


def held(platform: Platform) -> dict[str, int]:
    """The rows that name the customer, by dataset."""
    return {trace.dataset: trace.rows for trace in traces_of(platform, CUSTOMER)}


def test_a_machine_that_never_extracted_forgets_and_no_other_brings_back(
    machines: Machines, small_shop: ShopDatabase, retail: Retail, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.enter("first")
    assert retail("backfill").code == 0
    small_shop.run(
        f"INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date) "
        f"VALUES (2000001, {CUSTOMER}, 1, 1, 3.99, '2019-11-02 10:00')"
    )
    machines.enter("second")
    assert retail("backfill").code == 0
    before = held(machines.enter("first"))
    assert before["sales"]
    assert before["sales"] == before["warehouse.sales"]

    with monkeypatch.context() as without_database:
        without_database.delenv("RETAIL_SALES_HOST")
        forget_settings()
        refused = retail("forget", CUSTOMER)
    assert refused.code == 1
    assert "another extraction than this machine (raw_payment)" in refused.err
    assert held(machines.enter("third")) == before

    done = retail("forget", CUSTOMER, "--format", "json")

    assert done.code == 0, done.err
    assert {row["dataset"]: (row["rows"], row["left"]) for row in done.json} == {n: (c, 0) for n, c in before.items()}
    platform = machines.enter("fourth")
    marks = S3(platform.settings.s3).read(S3Location.of(str(platform.settings.lake_url)) / "_forgotten.json")
    assert marks
    assert not platform.settings.forgotten_file.exists()
    for name in ("first", "fourth"):
        small_shop.run("UPDATE payment SET amount = amount + 1 WHERE payment_id = 2000001")
        machines.enter(name)
        assert retail("backfill").code == 0
    assert not any(held(platform).values())
