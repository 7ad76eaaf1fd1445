"""`retail lineage`: up to the landed files, and down to the warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error


def _edges(retail: Retail, *arguments: str) -> set[tuple[str, str]]:
    rows = retail("lineage", *arguments, "--format", "json").json
    return {(f"{row['dataset']}.{row['column']}", f"{row['from_dataset']}.{row['from_column']}") for row in rows}


def test_a_column_is_followed_to_the_raw_events(retail: Retail, data_dir: Path) -> None:
    assert _edges(retail, "features.purchases_t-1") == {
        ("features.purchases_t-1", "daily_aggregates.purchases_t"),
        ("daily_aggregates.purchases_t", "clean_events.event_type"),
        ("clean_events.event_type", "raw_events.event_type"),
    }


@pytest.mark.parametrize("name", ["warehouse.dim_product.brand", "dim_product.brand"])
def test_warehouse_tables_go_by_both_names(retail: Retail, data_dir: Path, name: str) -> None:
    assert ("warehouse.dim_product.brand", "product_days.brand") in _edges(retail, name)


def test_the_lake_comes_first_and_the_warehouse_by_its_name(retail: Retail, data_dir: Path) -> None:
    assert retail("lineage", "features.MA7").lines[0].strip() == "features.MA7"
    assert retail("lineage", "lake.features.MA7").lines[0].strip() == "features.MA7"
    assert ("warehouse.features.MA7", "features.MA7") in _edges(retail, "warehouse.features.MA7")


def test_downstream(retail: Retail, data_dir: Path) -> None:
    edges = _edges(retail, "raw_events.brand", "--downstream")

    assert ("clean_events.brand", "raw_events.brand") in edges
    assert ("warehouse.dim_product.brand", "product_days.brand") in edges
    assert "nothing is made from it" in retail("lineage", "warehouse.dim_date", "--downstream").out


def test_a_dataset_as_a_tree_with_its_columns(retail: Retail, data_dir: Path) -> None:
    result = retail("lineage", "daily_aggregates")

    order = ["daily_aggregates", "clean_events", "raw_events", "landed files"]
    assert [line.strip(" └─") for line in result.lines[:4]] == order
    assert "revenue_t" in result.out


def test_the_catalogue_is_named_where_a_name_is_wrong(retail: Retail, data_dir: Path) -> None:
    assert_is_one_clear_error(retail("lineage", "nowhere"), "no dataset 'nowhere'", "warehouse.dim_date")
    assert_is_one_clear_error(retail("lineage", "features.nothing"), "no column 'nothing'", "purchases_t-1")
