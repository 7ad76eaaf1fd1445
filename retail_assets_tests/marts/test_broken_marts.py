"""What may be wrong with a mart: each mistake is told by file, line and column, and leaves the others alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.automation.taking_in import take_in_files, take_in_sources
from retail_assets.contracts import contract_names
from retail_assets.contracts.naming import bad_name
from retail_assets.definitions import platform_definitions
from retail_assets.settings import Settings
from retail_assets.settings.sales import SalesSettings
from retail_assets_tests.marts.broken import BRAND, CONTRACT, SQL, good, problems
from retail_assets_tests.marts.dropping_in import DAILY_VIEWS, DAILY_VIEWS_COLUMNS, drop


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a platform with a folder of marts that is not there yet."""
    return Settings(data_dir=tmp_path / "data", marts_dir=tmp_path / "marts")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT brand\nFROM clean_events\nWHERE (", "bad.sql:3:8: syntax error at end of input"),
        ("SELECT 'brand", 'bad.sql:1:8: unterminated quoted string at or near "\'brand"'),
        ("SELECT brand\nFROM clean_event", "bad.sql:2:6: there is no dataset 'clean_event' in the lake. Did you mean "
         "clean_events?"),
        ("SELECT brand FROM dim_product", "bad.sql:1:19: there is no dataset 'dim_product' in the lake."),
        ("SELECT 'é' || brandy AS brand FROM clean_events", "bad.sql:1:15: Referenced column \"brandy\" not found"),
        ("SELECT brand\n, nope(brand) AS x FROM clean_events", "bad.sql:2:3: Scalar Function with name nope does not"),
        ("SELECT brand FROM warehouse.features", "bad.sql:1:19: "),
        ("SELECT brand FROM 'events.csv'", "bad.sql:1:19: there is no dataset 'events.csv' in the lake."),
        ("SELECT column0 AS brand FROM read_csv('/etc/hostname')", "bad.sql:1:30: a mart reads datasets and no files"),
        ("DELETE FROM clean_events", "bad.sql: a mart is one SELECT: nothing else can be told what it reads"),
        ("SELECT 1; SELECT 2", "bad.sql: a mart is one SELECT, and this file holds 2"),
        ("-- nothing\n", "bad.sql: a mart is one SELECT, and this file holds none"),
        ("SELECT brand, price FROM clean_events", "bad.sql: the contract says nothing of price: describe it there"),
        ("SELECT brand FROM bad", "bad.sql:1:19: it reads itself: bad reads bad"),
        ("SELECT brand FROM clean_events; -- all", "bad.sql:1:31: syntax error at or near \";\""),
    ],
)  # fmt: skip
def test_mistakes_in_the_sql(settings: Settings, sql: str, said: str) -> None:
    drop(settings, "bad", sql, BRAND)
    drop(settings, "daily_views", DAILY_VIEWS, DAILY_VIEWS_COLUMNS)

    assert problems(settings)["bad"].startswith(said)
    assert good(settings) == ["daily_views", "warehouse_daily_views"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("features", "features.sql: there is a dataset features already: choose another name"),
        ("sales", "sales.sql: there is a dataset sales already"),
        ("landed_files", "landed_files.sql: there is a dataset landed_files already"),
        ("Top-products", "Top-products.sql: 'Top-products' is no name for a dataset"),
        ("my_partitions", "my_partitions.sql: 'my_partitions' is no name for a dataset"),
        ("größe", "größe.sql: 'größe' is no name for a dataset"),
        ("type", "type.sql: 'type' is a word of Python's or Dagster's"),
        ("class", "class.sql: 'class' is a word of Python's or Dagster's"),
        ("warehouse_features", "warehouse_features.sql: 'warehouse_features' begins as the steps do that make tables"),
        ("take_in_files", "take_in_files.sql: there is a dataset take_in_files already"),
        ("shop_tables", "shop_tables.sql: there is a dataset shop_tables already"),
    ],
)
def test_names_that_a_mart_cannot_have(settings: Settings, name: str, said: str) -> None:
    drop(settings, name, "SELECT brand FROM clean_events", BRAND)

    assert problems(settings)[name].startswith(said)
    platform_definitions(settings).resolve_asset_graph()


def test_whatever_dagster_has_by_a_name_already_no_dataset_can_have_that_name(settings: Settings) -> None:
    definitions = platform_definitions(settings.model_copy(update={"sales": SalesSettings(host="127.0.0.1")}))

    jobs = (definitions.resolve_implicit_global_asset_job_def(), take_in_files, take_in_sources)

    names = {name for job in jobs for name in (job.name, *job.graph.node_dict)} - {"__ASSET_JOB"}
    assert len(names) > 20
    assert [name for name in sorted(names) if not bad_name(name, contract_names())] == []


@pytest.mark.parametrize(("missing", "said"), [
    (".yaml", "half.sql: half.yaml is missing beside it: a mart is both; `retail new-mart half` writes one"),
    (".sql", "half.yaml: half.sql is missing beside it: a mart is both"),
])  # fmt: skip
def test_half_a_mart(settings: Settings, missing: str, said: str) -> None:
    drop(settings, "half", "SELECT brand FROM clean_events", BRAND).with_suffix(missing).unlink()

    assert problems(settings) == {"half": said}


def test_marts_that_read_each_other_in_a_circle_are_broken_and_those_beside_it_are_not(settings: Settings) -> None:
    drop(settings, "one", "SELECT brand FROM three", BRAND)
    drop(settings, "two", "SELECT brand\nFROM one", BRAND)
    drop(settings, "three", "SELECT brand FROM two", BRAND)
    drop(settings, "beside", "SELECT brand FROM two", BRAND, warehouse=False)

    found = problems(settings)

    assert sorted(found) == ["one", "three", "two"]
    assert found["two"].startswith("two.sql:2:6: it reads itself: ")
    assert good(settings) == ["beside"]


def test_what_reads_a_broken_mart_goes_on_as_long_as_its_contract_can_be_read(settings: Settings) -> None:
    source = drop(settings, "source", "SELECT brandy AS brand FROM clean_events", BRAND)
    drop(settings, "reader", "SELECT brand FROM source", BRAND)
    assert sorted(problems(settings)) == ["source"]
    assert good(settings) == ["reader", "warehouse_reader"]

    source.with_suffix(".yaml").write_text("kind: nonsense")

    assert problems(settings)["reader"] == "reader.sql:1:19: it reads source, whose contract is broken"


def test_a_mart_named_as_a_dataset_breaks_no_other_that_reads_the_dataset(settings: Settings) -> None:
    drop(settings, "features", "SELECT brand FROM clean_events", BRAND)
    drop(settings, "reader", "SELECT DISTINCT key_value AS brand FROM features", BRAND, warehouse=False)

    assert sorted(problems(settings)) == ["features"]
    assert good(settings) == ["reader"]


def test_a_mart_without_dates_has_no_window(settings: Settings) -> None:
    drop(settings, "whole", "SELECT brand FROM clean_events", BRAND, reads={"clean_events": {"days": 7}})

    assert "whole is not partitioned by date: all of it is read anyway" in problems(settings)["whole"]


def test_a_mart_by_date_reads_something_by_date(settings: Settings) -> None:
    drop(settings, "calendar", "SELECT DATE '2019-10-01' AS date", {"date": "DATE"})

    assert "it is partitioned by date, but nothing that the SQL reads is" in problems(settings)["calendar"]


@pytest.mark.parametrize(
    ("given", "wanted", "is_fitting"),
    [
        ("1::HUGEINT", "BIGINT", True),
        ("1::INTEGER", "DECIMAL(18,4)", True),
        ("1::DECIMAL(38,4)", "DECIMAL(18,4)", True),
        ("1::DECIMAL(18,4)", "DOUBLE", True),
        ("1::DECIMAL(18,4)", "DECIMAL(18,2)", False),
        ("1::DOUBLE", "DECIMAL(18,4)", False),
        ("1::DOUBLE", "BIGINT", False),
        ("'1'", "BIGINT", False),
        ("now()", "TIMESTAMP", False),
        ("now()", "DATE", False),
    ],
)
def test_types_are_cast_only_where_nothing_is_lost(
    settings: Settings, given: str, wanted: str, is_fitting: bool
) -> None:
    drop(settings, "typed", f"SELECT {given} AS value FROM clean_events", {"value": wanted})

    assert (problems(settings) == {}) is is_fitting


@pytest.mark.parametrize(
    ("given", "written", "own"),
    [
        ("1::DECIMAL(10,0)", "DECIMAL(10)", "DECIMAL(10,0)"),
        ("1", "DECIMAL(10)", "DECIMAL(10,0)"),
        ("1", "INT", "INTEGER"),
        ("'1'", "TEXT", "VARCHAR"),
        ("now()", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"),
        ("[1]", "INT[]", "INTEGER[]"),
        ("'1'", "varchar", "VARCHAR"),
    ],
)
def test_a_type_is_written_as_duckdb_names_it(settings: Settings, given: str, written: str, own: str) -> None:
    sql = f"SELECT {given} AS value FROM clean_events"
    drop(settings, "typed", sql, {"value": written})
    assert problems(settings) == {"typed": f"typed.yaml:14:5: write {own}: DuckDB's own name of {written}"}

    drop(settings, "typed", sql, {"value": own})

    assert problems(settings) == {}


def test_whatever_lies_in_the_folder_the_definitions_load_with_everything_else(settings: Settings) -> None:
    folder = settings.marts_dir
    for name in ("features", "Top-products", "Top.products", "naïve"):
        drop(settings, name, "SELECT brand FROM clean_events", BRAND)
    drop(settings, "binary", "SELECT brand FROM clean_events", BRAND).write_bytes(b"\xff\xfe\x00SELECT")
    drop(settings, "empty", "", BRAND).with_suffix(".yaml").write_text("# nothing yet")
    drop(settings, "twice", "SELECT brand FROM clean_events", BRAND)
    twice = folder / "twice.yaml"
    column = "  - name: brand\n    physicalType: VARCHAR\n    description: The brand.\n"
    twice.write_text(twice.read_text().replace(column, column * 2))
    (folder / "folder.sql").mkdir()
    (folder / "folder.yaml").write_text(CONTRACT.replace("bad", "folder"))
    (folder / "README.md").write_text("What our marts are for.")
    plain = {spec.key for spec in platform_definitions(Settings(data_dir=folder)).resolve_all_asset_specs()}

    definitions = platform_definitions(settings)

    definitions.resolve_asset_graph()
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    added = {key.to_user_string(): specs[key] for key in specs.keys() - plain}
    assert {"marts/features", "binary", "empty", "twice", "folder"} < set(added)
    assert len(added) == 8
    assert all(str(spec.description).startswith("**Broken, and not made.**") for spec in added.values())
    assert set(problems(settings)) == {
        "features", "Top-products", "Top.products", "naïve", "binary", "empty", "twice", "folder"
    }  # fmt: skip
    assert problems(settings)["twice"].endswith("two columns have the same name")


def test_a_partition_or_key_without_its_position_is_not_taken_for_none(settings: Settings) -> None:
    settings.marts_dir.mkdir()
    (settings.marts_dir / "bad.sql").write_text(SQL)
    (settings.marts_dir / "bad.yaml").write_text(CONTRACT.replace(", partitionKeyPosition: 1", ""))

    assert "property 'date' is partitioned: it needs a partitionKeyPosition" in problems(settings)["bad"]


def test_a_domain_of_any_words_is_no_reason_not_to_load(settings: Settings) -> None:
    path = drop(settings, "brands", "SELECT brand FROM clean_events", BRAND).with_suffix(".yaml")
    path.write_text(path.read_text().replace("domain: marts", "domain: Sales & Marketing"))

    specs = {spec.key.to_user_string(): spec for spec in platform_definitions(settings).resolve_all_asset_specs()}

    assert specs["brands"].tags["domain"] == "Sales_Marketing"


def test_a_mart_named_as_a_broken_source_and_one_that_reads_it(settings: Settings) -> None:
    sources = settings.marts_dir.parent / "sources.yaml"
    sources.write_text("sources: [{name: brands, kind: files}]")
    drop(settings, "brands", "SELECT brand FROM clean_events", BRAND)
    drop(settings, "bad", "SELECT brand FROM brands", BRAND)
    settings = settings.model_copy(update={"sources_file": sources})

    platform_definitions(settings).resolve_asset_graph()

    assert "there is a dataset brands already" in problems(settings)["brands"]
    assert problems(settings)["bad"].startswith("bad.sql:1:19: it reads brands, a source that is broken")
