"""`retail land`, `status`, `rejected`, `replay` and `withdraw` where landing and lake are on S3."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event
from retail_assets_tests.cli.conftest import Retail
from retail_assets_tests.landing.inboxes_on_s3 import with_inbox


@pytest.fixture
def cloud(on_s3: Settings, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform on S3, as the one that `retail` works on."""
    chosen = with_inbox(on_s3).model_copy(update={"data_dir": data_dir})
    environment = {
        "RETAIL_LAKE_URL": chosen.lake_url,
        "RETAIL_INBOX_URL": chosen.inbox_url,
        "RETAIL_S3_ENDPOINT_URL": chosen.s3.endpoint_url,
        "RETAIL_S3_PATH_STYLE": "true",
        "RETAIL_SOURCES": f'[{{"name": "tills", "place": "{chosen.inbox_url}-tills"}}]',
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    return Platform.of(Settings())


def test_files_are_landed_and_taken_back(cloud: Platform, retail: Retail, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    good = [event(product_id=str(number)) for number in range(9)]
    file.write_text(csv_text([*good, event(event_time="never")]))
    place = cloud.landing.inbox.place
    assert f"1 file copied into {place}, " in retail("land", file).out
    assert "1 file in landing already, byte for byte: a.csv" in retail("land", file).out
    assert f"1 file copied into {place}-tills, " in retail("land", "--source", "tills", file).out
    assert "there is no source 'web'; there are tills" in retail("land", "--source", "web", file).err
    done = retail("backfill")
    assert done.code == 0, done.err
    status = retail("status", "--format", "json")
    assert status.code == 0, status.err
    assert {entry.name: entry.state for entry in cloud.landing.files().values()} == {
        "a.csv": "landed",
        "tills://a.csv": "duplicate",
    }
    shown = retail("rejected", "--format", "json")
    assert shown.code == 0, shown.err
    counts = shown.json["counts"]
    assert [(row["reason"], row["rows"]) for row in counts] == [("bad_event_time", 1)]

    mended = tmp_path / "mended.csv"
    assert "1 row written" in retail("rejected", "--export", mended).err
    mended.write_text(mended.read_text().replace("never", "2019-10-01 13:00:00 UTC"))
    done = retail("replay", mended)
    assert done.code == 0, done.err
    assert cloud.landing.files()["mended.csv"].parts == {"2019-10-01": 1}

    assert "a.csv: withdrawn, 10 rows, 1 date" in retail("withdraw", f"{place}/a.csv").out
    assert cloud.landing.files()["tills://a.csv"].state == "withdrawn"
    assert retail("backfill").code == 0
    assert retail("query", "SELECT count(*) AS n FROM clean_events", "--format", "json").json == [{"n": 1}]
