"""`retail backfill`: what it makes, what it refuses, and what it says of what went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retail_assets.assets import dataset_asset
from retail_assets.assets.platform import Platform
from retail_assets.automation import backfill as engine_room
from retail_assets.automation.backfill_lock import backfill_lock
from retail_assets.engine.locking import exclusive
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event, land
from retail_assets_tests.cli.conftest import ROOT, Retail
from retail_assets_tests.cli.test_main import assert_is_one_clear_error


def _platform(data_dir: Path) -> Platform:
    return Platform.local(Settings(data_dir=data_dir))


def _at(day: str, **changes: str) -> dict[str, str | None]:
    return event(event_time=f"{day} 12:00:00 UTC", **changes)


def test_a_range_that_cannot_be_is_refused_before_any_work(retail: Retail, data_dir: Path) -> None:
    backwards = retail("backfill", "--from", "2019-10-02", "--to", "2019-10-01")

    assert_is_one_clear_error(backwards, "--from 2019-10-02 lies after --to 2019-10-01", code=2)
    assert_is_one_clear_error(retail("backfill", "--from", "2015-12-31"), "2016-01-01 (RETAIL_START_DATE)", code=2)
    assert_is_one_clear_error(retail("backfill", "--to", "2999-01-01"), "lies in the future", code=2)
    assert not data_dir.exists()


def test_nothing_landed_is_an_error_with_advice(retail: Retail, data_dir: Path) -> None:
    assert_is_one_clear_error(retail("backfill"), f"nothing has landed in {data_dir / 'landing'}", "retail land FILE")
    assert not data_dir.exists()


def test_sales_that_were_extracted_are_made_without_their_database(retail: Retail, data_dir: Path) -> None:
    """Of what was extracted, here a damaged snapshot, the backfill tells, and not of files that nobody expects."""
    (data_dir / ".extraction").mkdir(parents=True)
    (data_dir / ".extraction" / "snapshot.json").write_text("{")

    result = retail("backfill", "--from", "2005-01-01")

    assert result.code == 1
    assert "shop_tables: 1 partition not published" in result.err
    assert "snapshot.json is damaged" in result.err


def test_a_range_without_any_file_is_an_error(retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land(_platform(data_dir), "day.csv", [_at("2019-10-01")])
    monkeypatch.setattr(engine_room, "STEPS", engine_room.STEPS[:2])  # the two that dates come from, for speed

    result = retail("backfill", "--from", "2018-01-01", "--to", "2018-01-31")

    assert result.code == 1
    assert "no file has events from 2018-01-01 to 2018-01-31" in result.err
    assert "the landed dates run from 2019-10-01 to 2019-10-01" in result.err


def test_ctrl_c_ends_the_backfill_and_not_just_its_run(
    retail: Retail, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    land(_platform(data_dir), "day.csv", [_at("2019-10-01")])
    monkeypatch.setattr(dataset_asset, "materialize", interrupted)

    result = retail("backfill")

    assert_is_one_clear_error(result, "error: interrupted; what was published stays.", code=130)
    assert "raw_events: 0 of 1" in result.err
    assert "clean_events" not in result.err


def test_what_is_bad_is_told_and_the_rest_goes_on(retail: Retail, data_dir: Path) -> None:
    """One story, since every run costs a second: a blocked file, a bad day and a missing day; then the mend."""
    platform = _platform(data_dir)
    land(platform, "1.csv", [_at("2019-10-01"), _at("2019-10-01", event_type="purchase"), _at("2019-10-02")])
    land(platform, "1_again.csv", (platform.settings.landing_dir / "1.csv").read_bytes())
    land(platform, "3.csv", [_at("2019-10-03", price="-1", user_session=str(number)) for number in range(5)])
    land(platform, "strange.csv", "name,age\nAda,36\n")

    first = retail("backfill", "--from", "2019-09-30", "--format", "json")

    made = {stage["step"]: stage for stage in first.json["stages"]}
    assert first.code == 1
    assert "Traceback" not in first.err
    assert (first.json["succeeded"], first.json["dates_without_file"]) == (False, ["2019-09-30"])
    assert {file["name"]: file["state"] for file in first.json["files"]} == {
        "1.csv": "landed", "1_again.csv": "duplicate", "3.csv": "landed", "strange.csv": "blocked",
    }  # fmt: skip
    assert (made["raw_events"]["made"], made["clean_events"]["made"]) == (3, 2)
    assert made["clean_events"]["failed"] == ["2019-10-03"]
    assert made["clean_events"]["reasons"] == [
        "2019-10-03: rejected_share: too_many_rejected: 100.0 % of 5 rows rejected: invalid_price 5"
    ]
    assert (made["features"]["made"], len(made["features"]["without_input"])) == (6, 3)
    assert "blocked file: header_mismatch: strange.csv" in first.err
    assert "clean_events: 1 partition not published" in first.err
    assert "taking in files: 4 of 4" in first.err
    assert "features: 6 of 6" in first.err

    status = retail("status", "--format", "json").json
    checks = {(check["dataset"], check["check"]): check for check in status["checks"]}
    datasets = {item["dataset"]: item for item in status["datasets"]}
    assert checks["clean_events", "rejected_share"]["state"] == "failed"
    assert checks["clean_events", "rejected_share"]["findings"][0]["partition"] == "2019-10-03"
    assert checks["clean_events", "contract"]["state"] == "passed"
    assert datasets["clean_events"]["failed_checks"] == ["rejected_share"]
    assert (datasets["clean_events"]["to_make"], datasets["features"]["to_make"]) == (1, 0)
    assert datasets["features"]["last_materialized"] is not None

    land(platform, "strange.csv", [_at("2019-10-04")])
    land(platform, "3.csv", [_at("2019-10-03")])
    mended = retail("backfill")
    assert mended.code == 0, mended.err
    assert "2 new files taken in: 2 rows." in mended.out
    states = {check["check"]: check["state"] for check in retail("status", "--format", "json").json["checks"]}
    assert states["rejected_share"] == "passed"
    assert retail("doctor").code == 0

    again = retail("backfill", "--format", "csv")
    rows = [line.split(",") for line in again.lines[1:]]
    assert again.code == 0
    assert {row[2] for row in rows} == {"0"}
    assert {row[0]: row[1] for row in rows}["features"] == "12"


def test_no_file_is_taken_in_while_another_backfill_works(data_dir: Path) -> None:
    platform = _platform(data_dir)
    data_dir.mkdir()
    (data_dir / "landing").mkdir()
    (data_dir / "landing" / "day.csv").write_text(csv_text([_at("2019-10-01")]))
    command = [sys.executable, "-m", "retail_assets.cli.program", "backfill"]
    with exclusive(backfill_lock(platform), "backfilling"):
        other = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
        )
        assert other.stderr
        assert any("another run is backfilling" in line for line in other.stderr)
        assert platform.landing.files() == {}

    _, said = other.communicate()

    assert other.returncode == 0, said
    assert set(platform.landing.files()) == {"day.csv"}
