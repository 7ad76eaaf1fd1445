"""What sources.yaml may say, and what is said of one that says it wrong."""

from __future__ import annotations

import pytest

from retail_assets.definitions import platform_definitions
from retail_assets.sources.declared.source import read_sources
from retail_assets_tests.sources.declared.declaring import AMOUNT, AT, DATE, ID, Declared, contract_text


def _problem(declared: Declared) -> str:
    (broken,) = read_sources(declared.settings.sources_file).broken
    return broken.problem.replace(f"{declared.folder}/", "")


def _write(declared: Declared, text: str) -> None:
    declared.settings.sources_file.write_text(text, encoding="utf-8")


class TestProblems:
    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("format: xml", "sources.yaml, line 6, sources.0.format: Input should be 'csv', 'jsonl' or 'parquet'"),
            ("delimeter: ';'", "sources.yaml, line 6, sources.0.delimeter: Extra inputs are not permitted"),
            ("encoding: utf-9", "sources.yaml, line 6, sources.0.encoding: there is no encoding 'utf-9'"),
            ("timezone: Berlin", "sources.yaml, line 6, sources.0.timezone: there is no time zone 'Berlin'"),
            ("schedule: daily", "sources.yaml, line 6, sources.0.schedule: 'daily' is no cron expression"),
            ("schedule: '99 5 * * *'", "sources.yaml, line 6, sources.0.schedule: '99 5 * * *' is no cron expression"),
            ("pattern: [", "sources.yaml, line 7: it is not valid YAML"),
            ("pattern: 2019-13-45", "sources.yaml: it is not valid YAML: month must be in 1..12"),
        ],
    )
    def test_a_wrong_value_is_told_by_file_line_and_key(self, declared: Declared, line: str, told: str) -> None:
        declared.source("shops", ID)
        _write(
            declared,
            f"sources:\n  - name: shops\n    kind: files\n    location: in\n    contract: shops.yaml\n    {line}\n",
        )

        assert _problem(declared).startswith(told)

    def test_a_missing_key_is_told_by_the_line_of_its_source(self, declared: Declared) -> None:
        _write(declared, "sources:\n  - name: shops\n    kind: files\n    contract: shops.yaml\n")

        assert _problem(declared) == "sources.yaml, line 2, sources.0.location: Field required"

    def test_a_contract_that_is_not_there(self, declared: Declared) -> None:
        declared.source("shops", ID, contract="gone.yaml")

        assert _problem(declared) == "sources.yaml, line 2, sources.0.contract: there is no gone.yaml"

    def test_a_contract_that_is_none_is_told_by_its_own_line(self, declared: Declared) -> None:
        declared.source("shops", ID)
        path = declared.folder / "shops.yaml"
        path.write_text(path.read_text().replace("required: true", "required: perhaps"))

        assert _problem(declared).startswith("shops.yaml, line 15, schema.0.properties.0.required: ")

    def test_a_contract_of_which_more_than_one_part_is_wrong(self, declared: Declared) -> None:
        declared.source("shops", ID)
        path = declared.folder / "shops.yaml"
        path.write_text(path.read_text().replace("required: true", "required: perhaps").replace("1.0.0", "[1]"))

        first, second = _problem(declared).splitlines()
        assert first.startswith("shops.yaml, line 5, version: ")
        assert second.startswith("shops.yaml, line 15, schema.0.properties.0.required: ")

    def test_a_contract_that_our_own_rules_refuse_is_told_by_its_line(self, declared: Declared) -> None:
        declared.source("shops", {**ID, "primaryKeyPosition": None})

        assert _problem(declared).startswith(
            "shops.yaml, line 10: no valid contract: property 'id' is part of the prim"
        )

    def test_a_contract_of_another_dataset(self, declared: Declared) -> None:
        declared.source("shops", ID)
        (declared.folder / "shops.yaml").write_text(contract_text("stores", ID))

        assert "describes 'stores'; name the source so" in _problem(declared)

    def test_a_partition_that_is_no_date(self, declared: Declared) -> None:
        declared.source("shops", {**ID, "partitioned": True, "partitionKeyPosition": 1})

        assert "only a column 'date' of type DATE can be a partition" in _problem(declared)

    def test_a_name_that_the_platform_has_already(self, declared: Declared) -> None:
        declared.source("features", ID)

        assert _problem(declared).endswith("there is a dataset features already: choose another name")

    def test_a_partition_that_rows_may_lack(self, declared: Declared) -> None:
        declared.source("orders", ID, AT, {**DATE, "required": False})

        assert _problem(declared).startswith("orders.yaml, line ")
        assert "a partition column is required: write required: true for 'date'" in _problem(declared)

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("DECIMAL(10)", "write DECIMAL(10,0): DuckDB's own name of DECIMAL(10)"),
            ("DECIMAL", "write DECIMAL(18,3): DuckDB's own name of DECIMAL"),
            ("INT", "write INTEGER: DuckDB's own name of INT"),
            ("TIMESTAMPTZ", "write TIMESTAMP WITH TIME ZONE: DuckDB's own name of TIMESTAMPTZ"),
            ("DECIMAL(40,2)", "DECIMAL(40,2) is no type of DuckDB's: "),
            ("MONEY", "MONEY is no type of DuckDB's: "),
        ],
    )
    def test_a_type_that_duckdb_names_otherwise_or_not_at_all(
        self, declared: Declared, written: str, told: str
    ) -> None:
        declared.source("shops", ID, {**AMOUNT, "physicalType": written})

        assert _problem(declared).startswith(f"shops.yaml, line 19, schema.0.properties.1.physicalType: {told}")

    def test_a_file_that_declares_no_list(self, declared: Declared) -> None:
        _write(declared, "shops: {}\n")

        assert _problem(declared) == "sources.yaml, line 1: it must hold one key, sources, with a list of sources"


class TestDefinitions:
    def test_a_broken_source_is_an_asset_that_says_so_and_the_others_stay(self, declared: Declared) -> None:
        declared.source("shops", ID, AMOUNT)
        declared.source("broken", ID, format="xml")

        definitions = platform_definitions(declared.settings)

        graph = definitions.resolve_asset_graph()
        names = {key.to_user_string() for key in graph.get_all_asset_keys()}
        assert {"shops", "shops_rejected", "warehouse/shops", "broken", "features"} <= names
        spec = next(spec for spec in definitions.resolve_all_asset_specs() if spec.key.to_user_string() == "broken")
        assert "Input should be 'csv', 'jsonl' or 'parquet'" in (spec.description or "")

    @pytest.mark.parametrize(
        "name",
        [
            *("type", "class", "import", "input", "output", "config", "context", "dict", "größe", "Umsatz", "a-b"),
            *("landed_files", "retail_report", "shop_tables", "take_in_sources", "sources_taken_in", "mart"),
            *("warehouse_features", "requested_partitions", "features", 7),
        ],
    )
    def test_whatever_a_source_is_called_the_definitions_load(self, declared: Declared, name: object) -> None:
        declared.source("shops", ID)
        declared.source(str(name), ID)
        declared.entries[-1]["name"] = name
        declared.write()

        definitions = platform_definitions(declared.settings)

        names = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
        assert {"shops", "source_2_of_sources_yaml"} <= names
        assert definitions.resolve_implicit_global_asset_job_def()

    def test_whatever_the_file_is_called_the_definitions_load(self, declared: Declared) -> None:
        path = declared.folder / "my-sources.yaml"
        path.write_text("shops: {}\n")

        definitions = platform_definitions(declared.settings.model_copy(update={"sources_file": path}))

        names = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
        assert "sources_yaml" in names

    def test_rejected_rows_are_classified_where_any_column_is(self, declared: Declared) -> None:
        declared.source("shops", ID, {**AMOUNT, "classification": "pseudonymous"})

        (source,) = read_sources(declared.settings.sources_file).sound
        assert source.rejected.column("received").classification == "personal"

    def test_without_a_sources_file_nothing_is_declared(self, declared: Declared) -> None:
        keys = platform_definitions(declared.settings).resolve_asset_graph().get_all_asset_keys()

        assert "sources" not in {key.to_user_string() for key in keys}
        assert not any(
            sensor.name == "stale_sources" for sensor in platform_definitions(declared.settings).sensors or ()
        )
