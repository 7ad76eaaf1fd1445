"""`retail publish`, `retail versions` and `retail diff`."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.assets.versioning import publish_features
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error

BRAND = "key_type=brand/date=2019-10-01/data.parquet"


def _platform(folder: Path) -> Platform:
    return Platform.local(Settings(data_dir=folder, threads=2, memory_limit_mb=512))


@pytest.fixture(scope="module")
def published_once(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built platform with two versions: in the second, the first day has other events and another product."""
    folder = tmp_path_factory.mktemp("published") / "data"
    shutil.copytree(built_once, folder)
    platform = _platform(folder)
    publish_features(platform)
    for name in ("a.csv", "copy_of_a.csv"):
        land(platform, name, [event(), event(), event(event_type="cart"), event(product_id="77", price="2.5")])
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features")
    publish_features(platform)
    return folder


@pytest.fixture
def published(published_once: Path, data_dir: Path) -> Path:
    """A platform with two versions, as the one that `retail` works on."""
    shutil.copytree(published_once, data_dir)
    return data_dir


def test_publish_says_what_it_made_and_then_that_it_is_there(retail: Retail, built_once: Path, data_dir: Path) -> None:
    shutil.copytree(built_once, data_dir)

    first, again = retail("publish"), retail("publish", "--version", "1")

    assert (first.code, again.code) == (0, 0)
    assert first.lines[0].startswith("retail_aggregates:1: ")
    assert "2 dates from 2019-10-01 to 2019-10-03, in 6 files" in first.out
    assert "made from 2 source files" in first.out
    assert again.lines == [
        "features are retail_aggregates:1 already",
        str(data_dir / "lake/_versions/retail_aggregates/1"),
    ]


def test_publish_for_programs(retail: Retail, built_once: Path, data_dir: Path) -> None:
    shutil.copytree(built_once, data_dir)

    (found,) = retail("publish", "--format", "json").json

    assert (found["version"], found["first_date"], found["last_date"]) == (
        "retail_aggregates:1", "2019-10-01", "2019-10-03",
    )  # fmt: skip
    assert Path(found["path"]).is_dir()


def test_publish_with_nothing_to_publish(retail: Retail, data_dir: Path) -> None:
    assert_is_one_clear_error(retail("publish"), "no features to publish yet", "retail backfill")
    assert not (data_dir / "lake" / "_versions").exists()


def test_publish_warns_of_dates_that_are_to_be_made_again(retail: Retail, published: Path) -> None:
    platform = _platform(published)
    land(platform, "late.csv", [event(event_time="2019-10-05 10:00:00 UTC")])
    land(platform, "b.csv", [event(event_time="2019-10-03 10:00:00 UTC")])
    build(platform, "raw_events", "clean_events", "daily_aggregates", "features", dates=["2019-10-03"])

    result = retail("publish")

    assert (result.code, result.lines[0][:20]) == (0, "retail_aggregates:3:")
    assert "1 date of what has landed" in result.err
    assert "2019-10-05" in result.err


def test_a_version_with_other_content_stays(retail: Retail, published: Path) -> None:
    result = retail("publish", "--version", "1")

    assert_is_one_clear_error(result, "features are retail_aggregates:2 already, not retail_aggregates:1")
    assert_is_one_clear_error(retail("publish", "--version", "0"), "greater than or equal to 1", code=2)


def test_versions_in_every_form(retail: Retail, published: Path) -> None:
    table, as_csv = retail("versions"), retail("versions", "--format", "csv")
    first, second = retail("versions", "--format", "json").json

    assert all(name in table.out for name in ("retail_aggregates:1", "retail_aggregates:2", "2019-10-03"))
    assert (first["version"], first["dates"], first["files"], first["source_files"]) == ("retail_aggregates:1", 2, 6, 2)
    assert first["digest"] != second["digest"]
    assert "damaged_files" not in first
    assert [row["version"] for row in csv.DictReader(io.StringIO(as_csv.out))] == [first["version"], second["version"]]


def test_versions_of_a_platform_without_any(retail: Retail, data_dir: Path) -> None:
    result = retail("versions", "--verify")

    assert (result.code, result.lines) == (0, ["No version has been published."])
    assert retail("versions", "--format", "json").json == []


def test_verify_names_what_is_damaged(retail: Retail, published: Path) -> None:
    whole = retail("versions", "--verify")
    path = published / "lake" / "_versions" / "retail_aggregates" / "1" / BRAND
    path.write_bytes(path.read_bytes() + b" ")

    damaged = retail("versions", "--verify", "--format", "json")

    assert whole.code == 0
    assert "12 files of 2 versions are what they were." in whole.err
    assert damaged.code == 1
    assert f"damaged: retail_aggregates:1: {BRAND}: changed" in damaged.err
    assert "retail_aggregates:2:" not in damaged.err
    assert [item["damaged_files"] for item in damaged.json] == [1, 0]
    assert retail("versions").code == 0  # it looks at manifests alone


def test_a_damaged_manifest_hides_no_other_version(retail: Retail, published: Path) -> None:
    (published / "lake" / "_versions" / "retail_aggregates" / "1" / "_manifest.json").write_text("{")

    result = retail("versions", "--format", "csv")

    assert (result.code, len(result.lines)) == (1, 2)
    assert "damaged: retail_aggregates:1: " in result.err
    assert_is_one_clear_error(retail("diff", "1", "2"), "_manifest.json is damaged")


def test_diff_for_people(retail: Retail, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = retail("diff", "1", "2")
    monkeypatch.setenv("COLUMNS", "80")
    narrow = retail("diff", ":1", "retail_aggregates:2")

    assert result.code == narrow.code == 0
    assert result.lines[0].startswith("retail_aggregates:1 and retail_aggregates:2: 6 partitions differ")
    assert any(line.split()[:2] == ["brand", "views_t"] for line in result.lines)
    assert max(map(len, narrow.lines)) <= 80


def test_diff_for_programs(retail: Retail, published: Path) -> None:
    found = retail("diff", "1", "2", "--format", "json").json
    facts = {
        (row["key_type"], row["subject"], row["fact"]): row["value"]
        for row in csv.DictReader(io.StringIO(retail("diff", "1", "2", "--format", "csv").out))
    }

    product = next(item for item in found["key_types"] if item["key_type"] == "product_id")
    assert (found["same"], found["before"], found["after"]) == (False, "retail_aggregates:1", "retail_aggregates:2")
    assert (product["keys"]["added"], product["keys"]["removed"]) == (1, 1)
    assert product["rows_after"] - product["rows_before"] == product["rows"]["added"] - product["rows"]["removed"]
    assert facts["product_id", "keys", "added"] == "1"
    assert facts["product_id", "views_t", "largest_at"] == product["metrics"]["views_t"]["largest"]["key_value"]
    assert facts["", "partitions", "changed"] == str(found["partitions"]["changed"])


def test_diff_of_a_version_with_itself(retail: Retail, published: Path) -> None:
    result = retail("diff", "2", "2")

    assert result.lines[-1] == "They hold the same files."
    assert retail("diff", "2", "2", "--format", "json").json["same"] is True


def test_diff_of_what_is_no_version(retail: Retail, published: Path) -> None:
    assert_is_one_clear_error(retail("diff", "1", "3"), "no retail_aggregates:3; there are 1 to 2")
    assert_is_one_clear_error(retail("diff", "features", "2"), "'features' names no version. Write 3, :3 or")


def test_a_version_can_be_queried_by_its_path(retail: Retail, published: Path) -> None:
    (first, _) = retail("versions", "--format", "json").json
    source = f"read_parquet('{first['path']}/*/*/*.parquet', hive_partitioning = true)"

    assert retail("query", f"SELECT count(*) AS rows FROM {source}", "--format", "json").json == [
        {"rows": first["rows"]}
    ]


@pytest.mark.parametrize("command", ["publish", "versions", "diff"])
def test_every_command_explains_itself(retail: Retail, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert f"\n  {command} " in retail("--help").out
    assert f"Usage: retail {command}" in retail(command, "--help").out
