"""`retail marts` and `retail new-mart`, and what the other commands know of marts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retail_assets.settings import Settings
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop


@pytest.fixture
def folder(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built platform, with the folder of its marts beside it."""
    shutil.copytree(built, tmp_path / "data", dirs_exist_ok=True)
    monkeypatch.setenv("RETAIL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "data" / ".dagster"))
    monkeypatch.setenv("RETAIL_MARTS_DIR", str(tmp_path / "marts"))
    return tmp_path / "marts"


def drop_views(folder: Path) -> Path:
    return drop(Settings(marts_dir=folder), "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])


def test_without_marts_it_says_so_and_what_they_might_read(folder: Path, retail: Retail) -> None:
    found = retail("marts")

    assert (found.code, found.out.strip()) == (0, "There are no marts.")
    assert "A mart may read clean_events, daily_aggregates," in found.err


def test_a_mart_is_begun_examined_made_and_asked(folder: Path, retail: Retail) -> None:
    begun = retail("new-mart", "my_brands", "--from", "daily_aggregates")
    assert begun.code == 0, begun.err
    assert "FROM daily_aggregates\nORDER BY date, key_type, key_value;" in (folder / "my_brands.sql").read_text()

    found = retail("marts", "my_brands")
    assert found.code == 0, found.err
    assert "daily_aggregates.purchases_t" in found.out
    (row,) = retail("marts", "--format", "json").json
    assert (row["mart"], row["state"], row["reads"], row["table"]) == ("my_brands", "ok", ["daily_aggregates"], True)

    made = retail("backfill", "--format", "json")
    assert {stage["step"]: stage["made"] for stage in made.json["stages"] if "my_brands" in stage["step"]} == {
        "my_brands": 2, "warehouse_my_brands": 2
    }  # fmt: skip
    sql = "SELECT (SELECT count(*) FROM my_brands) = count(*) AS same FROM warehouse.my_brands"
    assert retail("query", sql, "--format", "json").json == [{"same": True}]
    lineage = retail("lineage", "my_brands.views_t", "--format", "json").json
    assert ("daily_aggregates", "views_t") in {(row["from_dataset"], row["from_column"]) for row in lineage}
    states = {row["dataset"]: row for row in retail("status", "--format", "json").json["datasets"]}
    assert (states["my_brands"]["partitions"], states["my_brands"]["to_make"]) == (2, 0)
    assert states["warehouse.my_brands"]["rows"] == states["my_brands"]["rows"] > 0


def test_names_that_are_words_of_sql_are_quoted_in_what_is_begun(folder: Path, retail: Retail) -> None:
    sql = 'SELECT date, key_value AS "group" FROM daily_aggregates'
    drop(Settings(marts_dir=folder), "order", sql, {"date": "DATE", "group": "VARCHAR"})

    begun = retail("new-mart", "orders", "--from", "order")

    assert begun.code == 0, begun.err
    assert (folder / "orders.sql").read_text().endswith('SELECT\n    date,\n    "group"\nFROM "order";\n')
    assert {row["mart"]: row["state"] for row in retail("marts", "--format", "json").json} == {
        "order": "ok",
        "orders": "ok",
    }


def test_the_contract_of_sql_that_is_there_is_written_and_nothing_is_overwritten(folder: Path, retail: Retail) -> None:
    folder.mkdir()
    (folder / "brands.sql").write_text("SELECT date, sum(purchases_t) AS sold FROM features GROUP BY date")

    assert retail("new-mart", "brands").code == 0
    text = (folder / "brands.yaml").read_text()
    assert "{name: sold, logicalType: integer, physicalType: BIGINT," in text
    assert "partitioned: true" in text
    assert retail("marts").code == 0

    again = retail("new-mart", "brands")
    assert again.code == 1
    assert "is there already" in again.err
    assert (folder / "brands.yaml").read_text() == text
    nothing = retail("new-mart", "other")
    assert nothing.code == 1
    assert "say with --from what other.sql shall read: brands, clean_events," in nothing.err


@pytest.mark.parametrize("name", ["../x", "features", "Top-products", "type"])
def test_a_mart_is_not_begun_under_a_name_that_it_cannot_have(folder: Path, retail: Retail, name: str) -> None:
    begun = retail("new-mart", name, "--from", "clean_events")

    assert begun.code == 1
    assert f"{name}" in begun.err
    assert not folder.exists()


def test_what_is_written_already_is_not_begun_from_something_else(folder: Path, retail: Retail) -> None:
    folder.mkdir()
    (folder / "brands.sql").write_text("SELECT date, sum(purchases_t) AS sold FROM features GROUP BY date")

    begun = retail("new-mart", "brands", "--from", "clean_events")

    assert begun.code == 1
    assert "leave --from out" in begun.err


def test_what_is_classified_in_an_input_wants_a_classification(folder: Path, retail: Retail) -> None:
    sql = "SELECT user_id AS who, count(DISTINCT user_session) AS sessions FROM clean_events GROUP BY ALL"
    path = drop(Settings(marts_dir=folder), "visitors", sql, {"who": "VARCHAR", "sessions": "BIGINT"})

    found = retail("marts")
    assert found.code == 0
    hints = [line for line in found.err.splitlines() if line.startswith("hint: ")]
    (hint,) = hints
    assert hint.startswith("hint: visitors.who holds clean_events.user_id, which is ")

    contract = path.with_suffix(".yaml")
    contract.write_text(contract.read_text().replace("- name: who", "- name: who\n    classification: pseudonymous"))
    assert "hint: " not in retail("marts").err


def test_a_broken_mart_is_named_with_its_place_by_every_command_that_looks(folder: Path, retail: Retail) -> None:
    path = drop_views(folder)
    path.write_text(DAILY_VIEWS.replace("views_t", "viewz_t"))
    place = f'{path}:5:5: Referenced column "viewz_t" not found in FROM clause!'

    examined = retail("marts")
    assert examined.code == 1
    assert f"daily_views is broken: {place}" in examined.err
    assert retail("status").code == 1
    assert place in retail("status").err
    (finding,) = [
        item for item in retail("doctor", "--format", "json").json["findings"] if "daily_views" in item["what"]
    ]
    assert (finding["state"], finding["mend"].startswith(place)) == ("wrong", True)
    report = retail("backfill")
    assert report.code == 1
    assert place in report.err
    assert retail("query", "SELECT count(*) FROM features").code == 0


def test_a_mart_whose_columns_cannot_be_traced_is_explained_all_the_same(folder: Path, retail: Retail) -> None:
    sql = "SELECT brand || x'00'::VARCHAR AS brand FROM clean_events"  # DuckDB's, and unknown to sqlglot
    drop(Settings(marts_dir=folder), "brands", sql, {"brand": "VARCHAR"})

    found = retail("marts", "brands")

    assert (found.code, found.err) == (0, "")
    assert any(line.split()[:2] == ["brand", "VARCHAR"] for line in found.lines)


def test_marts_that_are_called_as_words_of_sql_are_made_and_asked(folder: Path, retail: Retail) -> None:
    for name in ("order", "table"):
        drop(Settings(marts_dir=folder), name, DAILY_VIEWS, DAILY_VIEWS_COLUMNS, key=["brand"])

    made = {stage["step"]: stage["made"] for stage in retail("backfill", "--format", "json").json["stages"]}

    assert (made["order"], made["warehouse_table"]) == (2, 2)
    asked = retail("query", 'SELECT count(*) AS rows FROM "order" JOIN warehouse."table" USING (date, brand)')
    assert (asked.code, asked.err) == (0, "")
    assert retail("query", "SELECT count(*) FROM features").code == 0
