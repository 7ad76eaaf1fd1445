"""`retail demo-cloud`: S3 and Redshift, for which local servers stand in, hold what a folder and a DuckDB file hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_assets.assets.catalogue import FORECASTS, STEPS, sales_forecasts, sales_steps
from retail_assets_tests.cli.conftest import Retail

SMALL = ("demo-cloud", "--events", "1500", "--from", "2019-11-29", "--to", "2019-11-30")
DATASETS = sum(len(step.outputs) for step in (*STEPS, *FORECASTS, *sales_steps(), *sales_forecasts()))
EXPORTS = 1


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that others may enter, as PostgreSQL must where tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("RETAIL_DATA_DIR", name)
        monkeypatch.setenv("RETAIL_THREADS", "2")
        monkeypatch.setenv("RETAIL_MEMORY_LIMIT_MB", "512")
        yield Path(name)


def test_the_cloud_equals_the_folder_and_a_second_run_changes_nothing(retail: Retail, place: Path) -> None:
    first = retail(*SMALL)

    assert first.code == 0, first.err
    assert "Redshift is simulated" in first.out
    assert "The books balance: 1,500 received = " in first.out
    assert "They equal the generator's truth file, date by date and reason by reason." in first.out
    compared = first.out.partition("The cloud against the folder")[2]
    assert compared.count(" equal ") == DATASETS + EXPORTS
    for name in ("warehouse.sales_by_category_region", "warehouse.customer_value", "warehouse.demand_forecast"):
        assert f" {name} " in compared
    assert "paid at the shop, the same by category, by region and by both" in first.out
    assert "DIFFERENT" not in first.out
    assert "Traceback" not in first.err
    assert not (place / "demo-cloud" / "cloud" / "lake").exists()  # it is on S3

    second = retail(*SMALL)
    assert second.code == 0, second.err
    assert "Nothing changed: all files were there" in second.out
    assert second.out.partition("The cloud against the folder")[2] == compared
