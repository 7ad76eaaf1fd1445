"""The contract files, and what a broken one says."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from retail_assets.assets.catalogue import ON_DEMAND, STEPS, sales_forecasts, sales_steps
from retail_assets.contracts import contract, contract_names
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.contracts.loader import read_contract

MINIMAL = """
apiVersion: v3.1.0
kind: DataContract
id: x
name: x
version: 1.0.0
status: active
schema:
  - name: x
    properties:
      - {name: a, logicalType: integer, physicalType: BIGINT, description: An a.}
"""
CUSTOM = "customProperties: [{property: "


@pytest.mark.parametrize("name", contract_names())
def test_every_column_has_a_meaning_and_a_type_that_duckdb_knows(name: str) -> None:
    with duckdb.connect() as connection:
        for column in contract(name).columns:
            assert column.description.endswith((".", "?")) or len(column.description) > 3
            connection.execute(f"SELECT NULL::{column.type}")


@pytest.mark.parametrize("name", contract_names())
def test_every_rule_is_sql_over_the_columns(name: str) -> None:
    item = contract(name)
    columns = ", ".join(f"{column.quoted} {column.type}" for column in item.columns)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        predicates = [predicate for column in item.columns for predicate in column.violations.values()]
        for predicate in [*predicates, *(rule.predicate for rule in item.row_rules)]:
            connection.execute(f"SELECT count(*) FROM t WHERE {predicate}")
        for rule in item.table_rules:
            connection.execute(f"SELECT {rule.predicate} FROM t")


def test_every_dataset_of_the_platform_has_a_contract_and_every_contract_a_dataset() -> None:
    steps = (*STEPS, *ON_DEMAND, *sales_steps(), *sales_forecasts())
    assert {output for step in steps for output in step.outputs} == set(contract_names())


def test_the_documented_columns_of_features_are_there_in_order() -> None:
    assert [column.name for column in contract("features").stored_columns] == [
        "key_value", "purchases_t", "views_t", "carts_t", "price_mean_t", "revenue_t", "conv_rate", "cart_rate",
        "purchases_t-1", "purchases_t-7", "views_t-1", "MA7", "MA28", "day_of_week", "is_weekend", "holiday_flag",
        "window_days_present",
    ]  # fmt: skip


def test_an_unknown_dataset_or_column_is_an_error_that_names_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="clean_events"):
        contract("cleaned_events")
    with pytest.raises(KeyError, match="MA28"):
        contract("features").column("MA30")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema: [", "not a valid data contract"),
        ("kind: DataContract", "needs one schema object"),
        (MINIMAL.replace("  - name: x\n    prop", "  - prop"), "its schema object needs a name"),
        (MINIMAL.replace("  - name: x\n", "  - name: ''\n"), "its schema object needs a name"),
        (MINIMAL.replace("An a.", "Ein Schlüssel."), "can't decode byte 0xfc"),
        (MINIMAL.replace("physicalType: BIGINT, ", ""), "needs a name and a physicalType"),
        (MINIMAL + "    quality: [{name: q, type: sql, mustBe: 1, query: 'SELECT 1'}]", "only mustBe: 0"),
        (MINIMAL + "    quality: [{name: q, type: sql, mustBe: 0, query: 'DELETE'}]", "write SELECT count"),
        (MINIMAL + "nonsense: 1", "nonsense"),
        (MINIMAL + CUSTOM + "rejectReasons, value: [{reason: x}]}]", "rejectReasons is a list, each item with reason"),
        (MINIMAL + CUSTOM + "excludedReasons, value: [x]}]", "excludedReasons is a list, each item with reason"),
        (MINIMAL + CUSTOM + "sortKey, value: OrderNo}]", "sortKey is a list of names, not 'OrderNo'"),
        ("- a list", "not a valid data contract"),
    ],
)
def test_a_broken_contract_is_an_error_that_names_the_file_and_the_fault(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(ValueError, match=message) as caught:
        read_contract(path)

    assert "broken.yaml" in str(caught.value)


def test_a_contract_that_is_not_there_is_told_from_one_that_is_not_valid(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml"):
        read_contract(tmp_path / "nowhere.yaml")


def test_names_and_values_are_quoted() -> None:
    assert quote_identifier('a"b') == '"a""b"'
    assert quote_literal("it's") == "'it''s'"
    assert quote_literal(None) == "NULL"
    assert quote_literal(True) == "true"
