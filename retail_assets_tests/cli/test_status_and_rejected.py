"""`retail status` and `retail rejected` on a platform that was built without Dagster."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retail_assets.assets.catalogue import ON_DEMAND, STEPS
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error
from retail_assets_tests.sources.declared.declaring import AT, DATE, ID, Declared


def test_status_says_what_each_dataset_holds_and_lacks(retail: Retail, built: Path) -> None:
    result = retail("status", "--format", "json")

    found = {item["dataset"]: item for item in result.json["datasets"]}
    clean = found["clean_events"]
    assert result.code == 0
    assert len(found) == sum(len(step.outputs) for step in (*STEPS, *ON_DEMAND))
    assert (clean["partitions"], clean["first_date"], clean["last_date"]) == (2, "2019-10-01", "2019-10-03")
    assert (clean["missing_dates"], clean["rows"], clean["to_make"]) == (["2019-10-02"], 35, 0)
    assert clean["bytes"] > 0
    assert found["warehouse.dim_date"]["partitions"] == 1
    assert found["warehouse.features"]["rows"] == found["features"]["rows"]
    assert (result.json["landed"], list(result.json["blocked"])) == (2, ["c.csv"])


def test_looking_makes_no_dagster_instance(retail: Retail, built: Path) -> None:
    assert retail("status").code == 0
    assert {item["last_materialized"] for item in retail("status", "--format", "json").json["datasets"]} == {None}
    assert not (built / ".dagster").exists()


def test_status_as_a_table(retail: Retail, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    narrow = retail("status")
    monkeypatch.setenv("COLUMNS", "140")
    wide = retail("status")

    assert max(map(len, narrow.lines)) <= 80
    assert "1 day missing (2019-10-02) in raw_events, clean_events" in wide.out
    assert "blocked file c.csv: header_mismatch" in wide.out
    assert "2019-10-01 to 2019-10-03" in wide.out
    for step in STEPS:
        assert all(output in narrow.out for output in step.outputs)


def test_status_as_csv(retail: Retail, built: Path) -> None:
    lines = retail("status", "--format", "csv").lines

    assert lines[0].startswith("dataset,partitions,first_date,last_date,missing_days,rows,bytes")
    assert lines[1].startswith("raw_events,2,2019-10-01,2019-10-03,1,38,")


def test_what_waits_is_named(retail: Retail, data_dir: Path) -> None:
    (data_dir / "landing").mkdir(parents=True)
    (data_dir / "landing" / "day.csv").write_text(csv_text([event()]))

    result = retail("status")

    assert "0 files landed, 1 waiting to be taken in" in result.out
    assert "waiting: day.csv" in result.out
    assert "Next: retail backfill" in result.err


def test_a_stale_dataset_is_seen(
    retail: Retail, built_once: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built_once, data_dir)
    monkeypatch.setenv("RETAIL_FEATURE_GRID", "observed")

    found = {item["dataset"]: item["to_make"] for item in retail("status", "--format", "json").json["datasets"]}

    assert (found["features"], found["daily_aggregates"]) == (6, 0)


def test_a_damaged_snapshot_of_the_shop_hides_no_dataset(retail: Retail, data_dir: Path) -> None:
    (data_dir / ".extraction").mkdir(parents=True)
    (data_dir / ".extraction" / "snapshot.json").write_text("{")

    result = retail("status", "--format", "json")

    found = {item["dataset"]: item for item in result.json["datasets"]}
    assert result.code == 1
    assert (found["raw_payment"]["to_make"], found["raw_events"]["to_make"]) == (None, 0)
    assert "snapshot.json is damaged" in found["raw_payment"]["problem"]


def test_a_damaged_manifest_hides_no_other_dataset(retail: Retail, built_once: Path, data_dir: Path) -> None:
    shutil.copytree(built_once, data_dir)
    (data_dir / "lake" / "features" / "_manifest.json").write_text("{")

    result = retail("status", "--format", "json")

    found = {item["dataset"]: item for item in result.json["datasets"]}
    assert result.code == 1
    assert "damaged: " in result.err
    assert "Traceback" not in result.err
    assert "_manifest.json is damaged" in found["features"]["problem"]
    assert found["clean_events"]["rows"] == 35


def test_a_damaged_state_of_a_source_hides_no_dataset(
    retail: Retail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = Declared(tmp_path, Settings(data_dir=tmp_path / "data", threads=2, memory_limit_mb=512))
    declared.source("shops", ID)
    declared.source("orders", ID, AT, DATE)
    declared.deliver("rows.csv", "id,moment\n1,2019-10-01 10:00:00\n")
    for name in ("shops", "orders"):
        declared.make(name)
    monkeypatch.setenv("RETAIL_DATA_DIR", str(declared.settings.data_dir))
    monkeypatch.setenv("RETAIL_SOURCES_FILE", str(declared.settings.sources_file))
    assert retail("status").code == 0
    state = declared.settings.sources_dir / "orders" / "state.json"
    state.write_text("{")

    result = retail("status", "--format", "json")

    found = {item["dataset"]: item for item in result.json["datasets"]}
    assert result.code == 1
    (told,) = [line for line in result.err.splitlines() if line.startswith("damaged: ")]
    assert f"{state} is damaged" in told
    assert told.endswith("Remove it: the files are read anew.")
    assert {name for name, item in found.items() if item["problem"]} == {
        "orders", "orders_rejected", "warehouse.orders"
    }  # fmt: skip
    assert (found["orders"]["rows"], found["orders"]["to_make"]) == (1, None)
    assert (found["shops"]["rows"], found["shops"]["to_make"]) == (1, 0)


def test_rejected_counts_and_shows_examples(retail: Retail, built: Path) -> None:
    result = retail("rejected", "--format", "json")

    assert result.code == 0
    assert [(row["stage"], row["reason"], row["rows"]) for row in result.json["counts"]] == [
        ("cleaning", "invalid_price", 1),
        ("cleaning", "missing_user_id", 1),
        ("landing", "bad_event_time", 1),
    ]
    example = next(row for row in result.json["examples"] if row["reason"] == "invalid_price")
    assert (example["file"], example["row"]) == ("a.csv", 27)
    assert '"price":"free"' in example["received"]
    assert "finite" in result.json["counts"][0]["meaning"]


def test_rejected_for_people(retail: Retail, built: Path) -> None:
    result = retail("rejected", "--limit", "2")

    assert "invalid_price: a.csv, line 27" in result.out
    assert "bad_event_time: a.csv" not in result.out
    assert "\x1b[31m" not in retail("rejected").out


def test_rejected_of_a_date_or_a_reason(retail: Retail, built: Path) -> None:
    def reasons(*options: str) -> list[str]:
        return [line.split(",")[1] for line in retail("rejected", "--format", "csv", *options).lines[1:]]

    assert reasons("--date", "2019-10-03") == ["missing_user_id"]
    assert reasons("--reason", "bad_event_time") == ["bad_event_time"]
    assert reasons("--date", "2018-01-01") == []
    assert_is_one_clear_error(retail("rejected", "--reason", "ugly"), "no reason 'ugly'", "invalid_price", code=2)
    assert_is_one_clear_error(retail("rejected", "--date", "today"), "is no date", code=2)


def test_nothing_rejected_says_so(retail: Retail, data_dir: Path) -> None:
    result = retail("rejected")

    assert (result.code, "Nothing was rejected." in result.out) == (0, True)
    assert retail("rejected", "--format", "json").json == {"counts": [], "examples": []}
