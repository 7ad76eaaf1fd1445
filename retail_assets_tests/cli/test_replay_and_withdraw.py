"""`retail replay`, `rejected --export` and `withdraw`: what was kept out comes in, what came in leaves."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.building import COLUMNS, build, event, land, rows
from retail_assets_tests.cli.conftest import Retail


@pytest.fixture
def platform(data_dir: Path) -> Platform:
    """Ten published days; then a file with an event for a closed one, an unreadable price and a broken line."""
    found = Platform.local(Settings(data_dir=data_dir, threads=2, memory_limit_mb=512))
    for day in range(1, 11):
        land(found, f"{day}.csv", [event(event_time=f"2019-10-{day:02d} 12:00:00 UTC")])
    build(found)
    late = event(event_time="2019-10-02 12:00:00 UTC", product_id="7")
    wrong = [event(event_time="2019-10-10 13:00:00 UTC", product_id=str(number)) for number in range(9)]
    land(found, "late.csv", [late, *wrong, event(event_time="2019-10-10 14:00:00 UTC", price="9,99")])
    with (found.settings.landing_dir / "late.csv").open("a") as file:
        file.write("only,three,fields\n")
    build(found)
    return found


def prices(platform: Platform, day: str) -> list[str]:
    sql = f"SELECT price::VARCHAR AS price FROM clean_events WHERE date = DATE '{day}' ORDER BY 1"
    return [row["price"] for row in rows(platform, sql, "clean_events")]


def test_replay_readmits_late_events_and_makes_what_follows(platform: Platform, retail: Retail) -> None:
    done = retail("replay")
    assert done.code == 0, done.err
    assert "1 file read again, late events admitted: late.csv" in done.err
    assert len(prices(platform, "2019-10-02")) == 2
    counts = retail("rejected", "--format", "json").json["counts"]
    assert {row["reason"] for row in counts} == {"invalid_price", "too_few_columns"}


def test_rejected_rows_are_exported_mended_and_replayed(platform: Platform, retail: Retail, tmp_path: Path) -> None:
    target = tmp_path / "mended.csv"
    done = retail("rejected", "--export", target)
    assert done.code == 0, done.err
    assert "2 rows written" in done.err
    assert "since no record: 1 line." in done.err
    with target.open(newline="") as file:
        header, *records = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert sorted(record[COLUMNS.index("price")] for record in records) == ["130.76", "9,99"]

    target.write_text(target.read_text().replace('"9,99"', "9.99"))
    done = retail("replay", target)
    assert done.code == 0, done.err
    assert len(prices(platform, "2019-10-02")) == 2
    assert "9.9900" in prices(platform, "2019-10-10")


def test_an_export_overwrites_nothing(platform: Platform, retail: Retail, tmp_path: Path) -> None:
    target = tmp_path / "mended.csv"
    target.write_text("mine")
    done = retail("rejected", "--export", target)
    assert (done.code, target.read_text()) == (1, "mine")
    assert "exists already" in done.err


def test_replaying_what_is_not_there_says_so(platform: Platform, retail: Retail) -> None:
    done = retail("replay", "nowhere.csv")
    assert done.code == 1
    assert "nowhere.csv has not landed" in done.err


def test_withdraw_tells_what_left_and_what_comes_next(platform: Platform, retail: Retail) -> None:
    done = retail("withdraw", platform.settings.landing_dir / "late.csv")
    assert (done.code, done.out) == (0, "late.csv: withdrawn, 12 rows, 1 date\n")
    assert "backfill" in done.err
    assert "error: late.csv is withdrawn already." in retail("withdraw", "late.csv").err
    assert "no file '11.csv' has landed" in retail("withdraw", "11.csv").err


def test_status_counts_withdrawn_files_apart(platform: Platform, retail: Retail) -> None:
    retail("withdraw", "late.csv")
    states = retail("query", "SELECT name, state, rows FROM landed_files WHERE state <> 'landed'", "--format", "json")
    assert states.json == [{"name": "late.csv", "state": "withdrawn", "rows": 0}]
