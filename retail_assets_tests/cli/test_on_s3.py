"""The commands on a lake on S3, and that the credentials for it show up nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.s3_server import KEY, SECRET, S3Server
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event
from retail_assets_tests.cli.conftest import Result, Retail


@pytest.fixture
def environment(on_s3: Settings, s3: S3Server, data_dir: Path) -> dict[str, str]:
    """The variables of a platform whose lake is on S3."""
    assert on_s3.lake_url
    return {
        **s3.environment,
        "RETAIL_DATA_DIR": str(data_dir),
        "RETAIL_LAKE_URL": on_s3.lake_url,
        "RETAIL_S3_ENDPOINT_URL": s3.endpoint,
        "RETAIL_S3_PATH_STYLE": "true",
        "RETAIL_DEBUG": "1",
    }


def test_commands_work_on_s3_and_tell_no_credentials(
    shell: Retail, environment: dict[str, str], data_dir: Path, on_s3: Settings
) -> None:
    landing = data_dir / "landing"
    landing.mkdir(parents=True)
    (landing / "day.csv").write_text(csv_text([*[event(product_id=str(n)) for n in range(9)], event(price="0")]))
    told: list[Result] = []

    def retail(*arguments: str, **changes: str) -> Result:
        told.append(shell(*arguments, **{**environment, **changes}))
        return told[-1]

    assert retail("backfill").code == 0
    assert retail("query", "-f", "csv", "SELECT count(*) AS rows FROM clean_events").lines == ["rows", "9"]
    for command in ("status", "rejected", "doctor", "doctor --cloud", "lineage features", "publish", "versions"):
        assert retail(*command.split()).code == 0, told[-1]
    assert retail("backfill", "--force", AWS_SECRET_ACCESS_KEY=f"{SECRET}-but-wrong").code == 1
    assert retail("query", "SELECT 1", AWS_SECRET_ACCESS_KEY=f"{SECRET}-but-wrong").code == 1
    assert "wrong credentials or no permission" in told[-1].err

    assert on_s3.lake_url
    for result in told:
        assert not [word for word in (KEY, SECRET, "Signature=") if word in f"{result.out}{result.err}"]
    written = [path for path in data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    for path in written:
        assert not [word for word in (KEY, SECRET) if word.encode() in path.read_bytes()], path
    for place, _, _ in S3(on_s3.s3).listed(S3Location.of(on_s3.lake_url)):
        body = S3(on_s3.s3).read(place)
        assert body
        assert not [word for word in (KEY, SECRET) if word.encode() in body.content], place


def test_an_object_that_is_gone_from_s3_is_found(
    shell: Retail, environment: dict[str, str], data_dir: Path, on_s3: Settings
) -> None:
    landing = data_dir / "landing"
    landing.mkdir(parents=True)
    (landing / "day.csv").write_text(csv_text([event()]))
    assert shell("backfill", **environment).code == 0
    assert on_s3.lake_url
    S3(on_s3.s3).remove(S3Location.of(on_s3.lake_url) / "clean_events/date=2019-10-01/data.parquet")

    result = shell("doctor", **environment)

    assert result.code == 1
    assert "lake clean_events: make them again: retail backfill --force" in result.err
