"""`retail query`: every dataset by its name, in every format."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from retail_assets.assets.catalogue import STEPS
from retail_assets.assets.platform import Platform
from retail_assets.cli.formats import write_csv, write_json
from retail_assets.cli.land import deliver_all
from retail_assets.settings import Settings
from retail_assets_tests.building import build, csv_text, event
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error

DATASETS = [output if step.store == "lake" else f"warehouse.{output}" for step in STEPS for output in step.outputs]
BARE = ["dim_date", "dim_product", "data_quality", "landed_files"]


def _rows(retail: Retail, sql: str) -> list[dict[str, Any]]:
    result = retail("query", sql, "--format", "json")
    assert result.code == 0, result.err
    assert result.err == ""
    found: list[dict[str, Any]] = result.json
    return found


@pytest.mark.parametrize("name", [*DATASETS, *BARE])
def test_every_dataset_is_a_view_by_its_name(retail: Retail, built: Path, name: str) -> None:
    assert _rows(retail, f"SELECT count(*) AS rows FROM {name}")[0]["rows"] > 0


@pytest.mark.parametrize("name", [*DATASETS, *BARE])
def test_a_dataset_that_was_never_built_is_empty(retail: Retail, data_dir: Path, name: str) -> None:
    result = retail("query", f"SELECT count(*) AS rows FROM {name}", "--format", "json")

    assert (result.code, result.json) == (0, [{"rows": 0}])
    assert "Nothing has been built" in result.err


def test_lake_and_warehouse_agree(retail: Retail, built: Path) -> None:
    assert _rows(retail, "(FROM features EXCEPT ALL FROM warehouse.features) UNION ALL BY NAME "
                         "(FROM warehouse.features EXCEPT ALL FROM features)") == []  # fmt: skip


def test_rejected_events_holds_both_stages(retail: Retail, built: Path) -> None:
    found = _rows(retail, "SELECT stage, reason, date, source_file FROM rejected_events ORDER BY stage, reason")

    assert [(row["stage"], row["reason"], row["date"], row["source_file"]) for row in found] == [
        ("cleaning", "invalid_price", "2019-10-01", "a.csv"),
        ("cleaning", "missing_user_id", "2019-10-03", "b.csv"),
        ("landing", "bad_event_time", None, "a.csv"),
    ]


def test_landed_files_says_what_became_of_each(retail: Retail, built: Path) -> None:
    found = {row["name"]: row for row in _rows(retail, "FROM landed_files")}

    assert {name: row["state"] for name, row in found.items()} == {
        "a.csv": "landed", "b.csv": "landed", "c.csv": "blocked", "copy_of_a.csv": "duplicate",
    }  # fmt: skip
    a = found["a.csv"]
    assert (a["rows"], a["rejected"], a["first_date"], a["last_date"]) == (27, 1, "2019-10-01", "2019-10-01")
    assert "header_mismatch" in found["c.csv"]["detail"]


def test_the_published_names_are_quoted(retail: Retail, built: Path) -> None:
    (row,) = _rows(
        retail,
        'SELECT "purchases_t-1", MA7, revenue_t FROM features '
        "WHERE key_type = 'brand' AND date = '2019-10-03' AND key_value = 'samsung'",
    )

    assert row == {"purchases_t-1": None, "MA7": 0.5, "revenue_t": 0}


def test_the_session_is_utc(retail: Retail, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _rows(retail, "SELECT current_setting('TimeZone') AS zone") == [{"zone": "UTC"}]


def test_a_table_shows_null_and_says_where_it_was_cut(retail: Retail, built: Path) -> None:
    short = retail("query", "SELECT brand, price FROM clean_events WHERE product_id = '00123'")
    cut = retail("query", "FROM clean_events", "--limit", "3")
    many = retail("query", "SELECT range AS n FROM range(150)")
    every = retail("query", "SELECT range AS n FROM range(150)", "--limit", "0")

    assert "NULL" in short.out
    assert "9.9000" in short.out
    assert "The first 3 rows" in cut.err
    assert (" 99 " in many.out, "100 " in many.out) == (True, False)
    assert "149" in every.out
    assert every.err == ""


def test_json_and_csv_are_whole_without_a_limit(retail: Retail, built: Path) -> None:
    assert len(_rows(retail, "SELECT range AS n FROM range(2500)")) == 2500
    assert len(retail("query", "SELECT range AS n FROM range(2500)", "--format", "csv").lines) == 2501


def test_a_terminal_is_safe_from_what_rows_hold(retail: Retail, built: Path) -> None:
    result = retail("query", "SELECT chr(27) || '[31mred' AS brand, '[bold]x[/bold]' AS markup")

    assert "\x1b" not in result.out
    assert "\\x1b[31mred" in result.out
    assert "[bold]x[/bold]" in result.out


def test_narrow_terminals_show_whole_values(retail: Retail, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    result = retail("query", "SELECT * FROM clean_events WHERE product_id = '00123'")

    assert "user_session   72d76fde-8bb3-4e00-8c23-a032dfed738c" in result.out
    assert max(map(len, result.lines)) <= 60


def test_sql_comes_from_stdin(retail: Retail, built: Path) -> None:
    assert retail("query", "-", "--format", "json", stdin="SELECT 42 AS answer").json == [{"answer": 42}]
    assert_is_one_clear_error(retail("query", "-", stdin="  "), "the query is empty", code=2)


def test_datasets_cannot_be_changed(retail: Retail, built: Path) -> None:
    before = (built / "warehouse.duckdb").read_bytes()

    assert_is_one_clear_error(retail("query", "DELETE FROM warehouse_file.dim_date"), "read-only")
    assert_is_one_clear_error(retail("query", "INSERT INTO features SELECT * FROM features"), "features")
    assert (built / "warehouse.duckdb").read_bytes() == before


def test_bad_sql_is_shown_where_it_is_bad(retail: Retail, built: Path) -> None:
    assert_is_one_clear_error(retail("query", "SELEKT 1"), "Parser Error", "SELEKT", "^")
    assert_is_one_clear_error(retail("query", "SELECT nothing FROM features"), "nothing", "DESCRIBE features")


def test_a_damaged_manifest_names_the_file_and_the_mend(retail: Retail, data_dir: Path) -> None:
    manifest = data_dir / "lake" / "features" / "_manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{")

    assert_is_one_clear_error(retail("query", "FROM features"), str(manifest), "is damaged", "retail backfill")


def test_formats_keep_what_json_and_csv_have_no_type_for(retail: Retail, data_dir: Path) -> None:
    sql = """
        SELECT 1.50::DECIMAL(5, 2) AS exact, 'NaN'::DOUBLE AS nan, NULL AS nothing, '' AS empty, [1, 2] AS list,
            {'x': DATE '2019-10-01'} AS struct, '\\xAB'::BLOB AS bytes, true AS yes, 'a,"b' AS text,
            123456789012345678901234567890 AS huge, 7 AS exact
    """

    as_json, as_csv = retail("query", sql, "--format", "json"), retail("query", sql, "--format", "csv")

    assert '"exact": 1.50,' in as_json.out
    assert as_json.json == [
        {
            "exact": 1.5, "nan": "nan", "nothing": None, "empty": "", "list": [1, 2], "struct": {"x": "2019-10-01"},
            "bytes": "ab", "yes": True, "text": 'a,"b', "huge": 123456789012345678901234567890, "exact_2": 7,
        }
    ]  # fmt: skip
    header, line = as_csv.lines
    assert header == "exact,nan,nothing,empty,list,struct,bytes,yes,text,huge,exact"
    assert line.startswith('1.50,nan,,"","[1, 2]"')
    assert next(csv.reader([line]))[-3:] == ['a,"b', "123456789012345678901234567890", "7"]


def test_no_rows_are_valid_json_and_csv() -> None:
    empty_json, empty_csv = io.StringIO(), io.StringIO()

    write_json(["a"], [], empty_json)
    write_csv(["a", "b c"], [], empty_csv)

    assert (empty_json.getvalue(), empty_csv.getvalue()) == ("[]\n", "a,b c\n")


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT count(*) FROM warehouse.dim_product",
        "SELECT count(*) FROM dim_product WHERE product_id = '1'",
        "SELECT count(*) FROM warehouse.dim_product WHERE brand IS NOT NULL",
        "SELECT max(brand) FROM dim_product",
        "SELECT EXISTS(FROM dim_product)",
    ],
)
def test_a_table_of_redshift_that_is_too_large_gives_no_wrong_answer(
    retail: Retail, large: Settings, asked: str
) -> None:
    result = retail("query", asked)

    assert (result.code, result.out) == (1, "")
    assert "warehouse.dim_product has 2 rows: ask Redshift itself" in result.err


def test_a_table_of_redshift_that_is_too_large_keeps_its_columns(retail: Retail, large: Settings) -> None:
    described = _rows(retail, "SELECT column_name FROM (DESCRIBE dim_product)")

    assert "brand" in {row["column_name"] for row in described}


@pytest.fixture
def large(cloud_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A platform whose products in Redshift are one more than may be brought here."""
    platform = Platform.of(cloud_settings)
    day = tmp_path / "day.csv"
    day.write_text(csv_text([event(product_id=str(number)) for number in (1, 2)]))
    deliver_all({day.name: day}, platform.landing.inbox)
    build(platform)
    monkeypatch.setenv("RETAIL_REDSHIFT_INLINE_ROWS", "1")
    return cloud_settings
