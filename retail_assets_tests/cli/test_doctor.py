"""`retail doctor`: everything in force, everything wrong, and the mend."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from retail_assets.settings import Settings
from retail_assets_tests.cli.conftest import Result, Retail
from retail_assets_tests.sources.declared.declaring import ID, Declared


def _findings(result: Result) -> dict[str, dict[str, Any]]:
    return {finding["what"]: finding for finding in result.json["findings"]}


def test_a_new_platform_is_well(retail: Retail, data_dir: Path) -> None:
    result = retail("doctor", "--format", "json")

    findings = _findings(result)
    settings = {item["variable"]: item for item in result.json["settings"]}
    assert result.code == 0, result.out
    assert "Nothing is wrong." in result.err
    assert "duckdb 1.5.5" in findings["versions"]["found"]
    assert "512 MiB and 2 threads" in findings["memory"]["found"]
    assert findings["Dagster instance"]["found"].startswith("none in")
    assert settings["RETAIL_DATA_DIR"] == {"variable": "RETAIL_DATA_DIR", "value": str(data_dir), "origin": "set"}
    assert settings["RETAIL_COUNTRY"]["origin"] == "default"
    assert not data_dir.exists()


def test_a_blocked_file_is_wrong_and_has_a_mend(retail: Retail, built: Path) -> None:
    result = retail("doctor")

    assert result.code == 1
    assert "wrong: blocked file: header_mismatch: c.csv" in result.err
    assert "1 thing is wrong." in result.err


def test_damage_is_found_and_examining_goes_on(
    retail: Retail, built_once: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built_once, data_dir)
    (data_dir / "lake" / "features" / "_manifest.json").write_text("{")
    next((data_dir / "lake" / "clean_events").rglob("*.parquet")).unlink()
    next((data_dir / "lake" / "_landing" / "parts").rglob("*.parquet")).unlink()
    (data_dir / "lake" / "_staging" / "killed").mkdir(parents=True, exist_ok=True)
    long_ago = time.time() - 7200
    os.utime(data_dir / "lake" / "_staging" / "killed", (long_ago, long_ago))
    monkeypatch.setenv("DAGSTER_HOME", str(data_dir.parent / "elsewhere"))

    result = retail("doctor", "--format", "json")

    findings = _findings(result)
    assert result.code == 1
    assert "retail backfill" in findings["lake features"]["mend"]
    assert findings["lake clean_events"]["found"].startswith("1 object of the manifest are gone: 2019-10-0")
    assert findings["landed rows"]["found"].startswith("1 part gone: ")
    assert findings["left behind"]["state"] == "hint"
    assert str(data_dir / "lake" / "_staging" / "killed") in findings["left behind"]["mend"]
    assert findings["DAGSTER_HOME"]["state"] == "hint"


def test_a_ledger_that_cannot_be_read_is_a_finding(retail: Retail, built_once: Path, data_dir: Path) -> None:
    shutil.copytree(built_once, data_dir)
    next((data_dir / "lake" / "_landing" / "ledger").glob("*.json")).write_text("{")

    findings = _findings(retail("doctor", "--format", "json"))

    assert findings["ledger"]["state"] == "wrong"
    assert findings["datasets"]["state"] == "ok"


def test_a_wrong_setting_and_a_file_in_the_place_of_the_folder(
    retail: Retail, tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.write_text("not a folder")
    assert _findings(retail("doctor", "--format", "json"))["data folder"]["state"] == "wrong"

    monkeypatch.setenv("RETAIL_MAX_REJECTED_SHARE", "7")
    result = retail("doctor", "--format", "json")
    assert result.code == 1
    assert "RETAIL_MAX_REJECTED_SHARE" in _findings(result)["settings"]["found"]


def test_as_a_table_and_as_csv(retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    table = retail("doctor")

    assert "RETAIL_MEMORY_LIMIT_MB" in table.out
    assert max(map(len, table.lines)) <= 80
    assert retail("doctor", "--format", "csv").lines[0] == "what,state,found"


def test_sources_that_cannot_be_read_are_named_with_what_to_do(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop = Declared(tmp_path / "shop", Settings(data_dir=data_dir))
    shop.source("shops", ID)
    shop.source("lost", ID, location="nowhere")
    shop.source("broken", ID, format="xml")
    shop.deliver("a.csv", "id\n1\n")
    monkeypatch.setenv("RETAIL_SOURCES_FILE", str(shop.folder / "sources.yaml"))

    result = retail("doctor", "--format", "json")

    found = _findings(result)
    assert result.code == 1
    assert found["source shops"]["state"] == "ok"
    assert "there is no folder" in found["source lost"]["mend"]
    assert "sources.2.format: Input should be 'csv'" in found["source broken"]["mend"]
    told = retail("status")
    assert told.code == 1
    assert "sources.2.format: Input should be 'csv'" in told.err
