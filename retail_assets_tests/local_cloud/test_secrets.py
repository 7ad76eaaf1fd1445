"""Every secret of a platform in the cloud, looked for in all that it prints, logs, asks, records and keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.cli.demo_shop import shop_database
from retail_assets.definitions import platform_definitions
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.cloud import LocalCloud
from retail_assets.settings import Settings
from retail_assets_tests.building import csv_text, event

ROOT = Path(__file__).parents[2]
DAY = date(2019, 10, 1)
HASH_KEY = "the-key-of-all-pseudonyms"
WEBHOOK = "token-of-the-webhook"
TOKEN = "token-of-a-session"
WRONG = "-but-wrong"


@pytest.fixture
def secrets(cloud: LocalCloud) -> dict[str, str]:
    """What nobody may see, by the variable that holds it."""
    return {
        "AWS_ACCESS_KEY_ID": cloud.s3.key,
        "AWS_SECRET_ACCESS_KEY": cloud.s3.secret,
        "RETAIL_REDSHIFT_PASSWORD": cloud.redshift.password,
        "RETAIL_SALES_PASSWORD": cloud.postgres.password,
        "RETAIL_SALES_HASH_KEY": HASH_KEY,
        "RETAIL_ALERT_WEBHOOK": f"http://127.0.0.1:1/{WEBHOOK}",
    }


@pytest.fixture
def environment(
    cloud: LocalCloud, cloud_settings: Settings, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The variables of a platform with a shop's database, beside those of its cloud."""
    sales = shop_database(cloud.postgres, DAY, DAY)
    own = {f"RETAIL_SALES_{name}": str(getattr(sales, name.lower())) for name in ("HOST", "PORT", "USER", "DATABASE")}
    with closing(cloud.postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
        cursor.execute("SELECT pg_reload_conf()")
        found = {**secrets, **own, "RETAIL_SALES_PERSONAL_DATA": "hash", "RETAIL_DEBUG": "1", "PYTHONPATH": str(ROOT)}
        for variable, value in found.items():
            monkeypatch.setenv(variable, value)
        yield found
        cursor.execute("ALTER SYSTEM RESET log_statement")
        cursor.execute("SELECT pg_reload_conf()")


def _retail(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retail_assets.cli.program", *arguments]
    return subprocess.run(command, env={**os.environ, **changes}, capture_output=True, text=True, check=False)


def _found(text: str | bytes, secrets: Mapping[str, str]) -> list[str]:
    """The variables whose secrets the text holds."""
    values = {**secrets, "RETAIL_ALERT_WEBHOOK": WEBHOOK, "AWS_SESSION_TOKEN": TOKEN}
    data = text if isinstance(text, bytes) else text.encode()
    return [name for name, value in values.items() if value.encode() in data]


@pytest.mark.usefixtures("environment")
def test_no_secret_is_seen_anywhere(cloud: LocalCloud, cloud_settings: Settings, secrets: dict[str, str]) -> None:
    good = [event(product_id=str(number)) for number in range(9)]
    S3(cloud_settings.s3).put(
        S3Location.of(str(cloud_settings.inbox_url)) / "day.csv", csv_text([*good, event(price="x")]).encode()
    )
    fine = ["backfill", "status", "doctor", "doctor --cloud", "query SELECT * FROM sales_by_region"]
    for command in fine:
        done = _retail(*command.split(" ", 1) if command.startswith("query") else command.split())
        assert done.returncode == 0, done.stderr
        assert not _found(done.stdout + done.stderr, secrets), command
    for variable in secrets.keys() - {"RETAIL_ALERT_WEBHOOK", "RETAIL_SALES_HASH_KEY"}:
        done = _retail("backfill", **{variable: f"{secrets[variable]}{WRONG}"})
        assert done.returncode == 1, variable
        assert not _found(done.stdout + done.stderr, secrets), variable
    for changed in ({"RETAIL_SALES_HASH_KEY": WEBHOOK[:5]}, {"AWS_SESSION_TOKEN": TOKEN}):
        done = _retail("backfill", **changed)
        assert WEBHOOK[:5] not in done.stdout + done.stderr
        assert not _found(done.stdout + done.stderr, secrets), changed

    kept = [path for path in cloud_settings.data_dir.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in kept)  # what Dagster has recorded
    for path in kept:
        assert not _found(path.read_bytes(), secrets), path
    prefix = S3Location.of(str(cloud_settings.lake_url).removesuffix("/lake"))
    for place, _, _ in S3(cloud_settings.s3).listed(prefix):
        body = S3(cloud_settings.s3).read(place)
        assert body
        assert not _found(body.content, secrets), place


@pytest.mark.usefixtures("environment")
def test_no_statement_holds_a_secret(cloud: LocalCloud, cloud_settings: Settings, secrets: dict[str, str]) -> None:
    """As PostgreSQL logs them: those of the shop's database, and what the stand-in of Redshift passes on."""
    S3(cloud_settings.s3).put(S3Location.of(str(cloud_settings.inbox_url)) / "day.csv", csv_text([event()]).encode())
    with closing(cloud.postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        log = Path(cursor.fetchone()[0]).parent / "postgres.log"
    before = log.stat().st_size

    assert _retail("backfill").returncode == 0

    with log.open("rb") as stream:
        stream.seek(before)
        asked = stream.read()
    assert b"INSERT INTO" in asked
    assert b"payment" in asked
    assert not _found(asked, secrets)


@pytest.mark.usefixtures("environment")
def test_nothing_that_is_shown_holds_a_secret(secrets: dict[str, str]) -> None:
    settings = Settings()
    platform, definitions = Platform.of(settings), platform_definitions(settings)

    shown = [
        *(repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())),
        *(repr(platform), *map(repr, platform.stores.values()), repr(platform.landing), repr(platform.extraction)),
        *(repr([spec.metadata, spec.description]) for spec in definitions.resolve_all_asset_specs()),
        repr(definitions.resources),
        repr(platform.stores["warehouse"].redshift),  # type: ignore[attr-defined]
    ]

    for text in shown:
        assert not _found(text, secrets), text[:200]
