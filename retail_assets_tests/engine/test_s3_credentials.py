"""Who we are on S3: the AWS chain's answer, a profile's, or a role's, always as of now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retail_assets.engine.s3 import s3_client, s3_credentials
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import S3Settings
from retail_assets_tests.servers.answering import QuietHandler, serving

ROLE = "arn:aws:iam::111122223333:role/retail"
ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any credentials but those that a test puts there."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def aws() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A stand-in for STS and S3: hands out a role's credentials for a moment, and notes who asks for objects."""
    seen: list[dict[str, str]] = []
    roles: list[str] = []

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            self.received()
            roles.append(f"ROLE{len(roles) + 1}")
            until = datetime.now(UTC) + timedelta(minutes=5)  # botocore renews what expires within 10 minutes
            self.answer(ANSWER.format(key=roles[-1], until=f"{until:%Y-%m-%dT%H:%M:%SZ}").encode())

        def do_PUT(self) -> None:
            self.received()
            seen.append(dict(self.headers.items()))
            self.answer(headers={"ETag": '"x"'})

    with serving(Handler) as address:
        yield address, seen


def test_a_role_is_assumed_and_its_credentials_are_renewed(
    home: Path, aws: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, seen = aws
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", address)
    s3 = S3(S3Settings(endpoint_url=address, path_style=True, role_arn=ROLE, region="eu-central-1", attempts=1))

    for _ in range(2):
        s3.put(S3Location("bucket", "key"), b"content")

    keys = [headers["Authorization"].partition("Credential=")[2].partition("/")[0] for headers in seen]
    assert all(key.startswith("ROLE") for key in keys)
    assert len(set(keys)) == 2
    assert {headers["X-Amz-Security-Token"] for headers in seen} == {"role-token"}
    assert s3_credentials(s3.settings).token == "role-token"


def test_a_profile_is_chosen_by_its_name(home: Path) -> None:
    (home / "credentials").write_text("[shop]\naws_access_key_id = shop-key\naws_secret_access_key = s\n")
    (home / "config").write_text("[profile shop]\nregion = eu-west-3\n")

    settings = S3Settings(profile="shop")

    assert s3_credentials(settings).access_key == "shop-key"
    assert s3_client(settings).meta.region_name == "eu-west-3"
    assert s3_client(settings).meta.endpoint_url == "https://s3.eu-west-3.amazonaws.com"


@pytest.fixture
def metadata() -> Iterator[str]:
    """A stand-in of what AWS gives its containers and machines: the address where they ask for their role's keys."""
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": "given-key", "SecretAccessKey": "given-secret", "Token": "given-token", "Expiration": until}
    roles = "/latest/meta-data/iam/security-credentials/"
    answers = {"/latest/api/token": "t", roles: "retail", f"{roles}retail": json.dumps({**keys, "Code": "Success"})}

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.answer(answers.get(self.path, json.dumps(keys)).encode())

        do_PUT = do_GET

    with serving(Handler) as address:
        yield address


@pytest.mark.parametrize(
    ("variable", "path"), [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/role"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")]
)
def test_a_task_and_a_machine_have_the_keys_of_their_role(
    home: Path, metadata: str, monkeypatch: pytest.MonkeyPatch, variable: str, path: str
) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv(variable, f"{metadata}{path}")

    found = s3_credentials(S3Settings(region="eu-central-1", lease_seconds=len(variable)))  # kept by their settings

    assert (found.access_key, found.secret_key, found.token) == ("given-key", "given-secret", "given-token")


def test_nothing_that_is_shown_holds_a_credential(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own-secret")
    settings = S3Settings(attempts=5)
    s3_credentials(settings)

    shown = f"{settings!r} {settings.model_dump_json()} {S3(settings)!r} {s3_client(settings)!r}"

    assert "own-key" not in shown
    assert "own-secret" not in shown
