"""What may be wrong with the contract of a mart: each mistake is told by file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.settings import Settings
from retail_assets_tests.marts.broken import BRAND, CONTRACT, SQL, good, problems
from retail_assets_tests.marts.dropping_in import drop


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a platform with a folder of marts that is not there yet."""
    return Settings(data_dir=tmp_path / "data", marts_dir=tmp_path / "marts")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kind: DataContract", "kind: [DataContract", "bad.yaml:3:3: no YAML: "),
        ("version: 1.0.0", "version: {}", "bad.yaml:5:10: version: Input should be a valid string"),
        ("  - name: bad", "  - name: good", "bad.yaml:8:11: the schema is called 'good', but the file is bad.yaml"),
        ("name: views, physicalType: BIGINT", "name: viewz, physicalType: BIGINT",
         "bad.yaml:12:9: the SQL has no column viewz; it has date, views"),
        ("name: views, physicalType: BIGINT", "name: views, physicalType: DATE",
         "bad.yaml:12:9: views is HUGEINT in the SQL and DATE here"),
        ("name: views, physicalType: BIGINT", "name: views, physicalType: BIGGINT",
         "bad.yaml:12:9: BIGGINT is no type of DuckDB's"),
        ("name: date, physicalType: DATE", "name: views, physicalType: VARCHAR",
         "bad.yaml:11:7: a mart is partitioned by date (a column date of type DATE) or not at all, "
         "not by views VARCHAR"),
        ("WHERE views < 0", "WHERE clicks < 0", "bad.yaml:14:9: rule positive: Referenced column \"clicks\" not found"),
        ("{minimum: 0}", "{minimum: zero}", "bad.yaml:12:9: "),
        ("days: 7", "days: 0", "bad.yaml:16:56: reads.daily_aggregates.days: Input should be greater "
         "than or equal to 1"),
        ("reads, value: {daily_aggregates:", "reads, value: {features:",
         "bad.yaml:16:41: the SQL does not read features"),
        (", partitioned: true, partitionKeyPosition: 1", "",
         "bad.yaml:20:16: check total: bad has no partitions by date: leave it out"),
        ("FROM staged_bad", "FROM staged_worse", "bad.yaml:20:16: check total: Table with name staged_worse does not"),
        ("SELECT date, true", "SELECT true", "bad.yaml:20:16: check total: it has no column date"),
        ("SELECT date, true AS passed", "SELECT date, 'brand' AS key_type, true AS passed",
         "bad.yaml:20:16: check total: bad has no partitions by key_type: leave it out"),
        ("GROUP BY date\n", "GROUP BY date;\n", "bad.yaml:20:16: check total: syntax error at or near"),
        ("name: total", "name: the total", "bad.yaml:19:15: checks.0.name: String should match pattern"),
    ],
)  # fmt: skip
def test_mistakes_in_the_contract(settings: Settings, before: str, after: str, said: str) -> None:
    settings.marts_dir.mkdir()
    (settings.marts_dir / "bad.sql").write_text(SQL)
    contract = settings.marts_dir / "bad.yaml"
    contract.write_text(CONTRACT)
    assert problems(settings) == {}

    contract.write_text(CONTRACT.replace(before, after, 1))

    assert problems(settings)["bad"].startswith(said)


def test_a_contract_of_another_encoding_is_told_by_its_own_file(settings: Settings) -> None:
    drop(settings, "bad", "SELECT brand FROM clean_events", BRAND)
    contract = settings.marts_dir / "bad.yaml"
    contract.write_text(contract.read_text().replace("The brand.", "Größe."), encoding="latin-1")

    assert problems(settings)["bad"].startswith("bad.yaml: no UTF-8, in which contracts are written: ")


def test_a_contract_without_a_name_is_told_by_its_own_file(settings: Settings) -> None:
    drop(settings, "bad", "SELECT brand FROM clean_events", BRAND)
    contract = settings.marts_dir / "bad.yaml"
    contract.write_text(contract.read_text().replace("- name: bad\n  physicalType", "- physicalType"))

    assert (
        problems(settings)["bad"]
        == "bad.yaml:11:1: no valid contract: its schema object needs a name, that of the dataset"
    )


def test_a_contract_of_which_more_than_one_part_is_wrong(settings: Settings) -> None:
    settings.marts_dir.mkdir()
    (settings.marts_dir / "bad.sql").write_text(SQL)
    contract = settings.marts_dir / "bad.yaml"

    contract.write_text(CONTRACT.replace("1.0.0", "[1]").replace("status: active", "status: {}"))
    first, second = problems(settings)["bad"].splitlines()
    assert first.startswith("bad.yaml:5:10: version: ")
    assert second.startswith("bad.yaml:6:9: status: ")

    contract.write_text(CONTRACT.replace("days: 7", "days: 0").replace("name: total", "name: the total"))
    first, second = problems(settings)["bad"].splitlines()
    assert first.startswith("bad.yaml:16:56: reads.daily_aggregates.days: ")
    assert second.startswith("bad.yaml:19:15: checks.0.name: ")


@pytest.mark.parametrize("table", ["clean_events", "clean_events_partitions", "staged_another", "another", "mart"])
def test_a_check_sees_nothing_that_its_mart_does_not_read(settings: Settings, table: str) -> None:
    settings.marts_dir.mkdir()
    (settings.marts_dir / "bad.sql").write_text(SQL)
    check = f"SELECT date, true AS passed, '' AS detail FROM {table} GROUP BY date"
    (settings.marts_dir / "bad.yaml").write_text(
        CONTRACT.replace("SELECT date, true AS passed, '' AS detail FROM staged_bad GROUP BY date", check)
    )
    drop(settings, "another", "SELECT date, brand FROM clean_events", {"date": "DATE", **BRAND}, warehouse=False)

    assert problems(settings)["bad"] == (
        f"bad.yaml:20:16: check total: Table with name {table} does not exist! "
        "A check sees what the SQL reads, requested_partitions and staged_bad"
    )
    assert good(settings) == ["another"]
