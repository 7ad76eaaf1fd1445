"""What goes wrong on the way to S3 is told once, clearly, and without credentials."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retail_assets.engine.s3_errors import S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.processes import free_port
from retail_assets.local_cloud.s3_server import BUCKET, KEY, SECRET, S3Server
from retail_assets.settings import S3Settings
from retail_assets_tests.servers.answering import QuietHandler, serving

PLACE = S3Location(BUCKET, "some/object")
PATIENCE = {"attempts": 2, "connect_timeout_seconds": 1, "read_timeout_seconds": 1}


@pytest.fixture
def settings_of_s3(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> S3Settings:
    """A way to the server with the right credentials, and no others on this machine."""
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3.settings.model_copy(update=PATIENCE)


@contextmanager
def _answering(status: int, body: str, **headers: str) -> Iterator[str]:
    """A server that gives every request this answer; returns its address."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    class Handler(QuietHandler):
        def do_PUT(self) -> None:
            self.received()
            self.answer(body.encode(), status, named)

        do_HEAD = do_GET = do_PUT

    with serving(Handler) as address:
        yield address


def _told(settings: S3Settings, place: S3Location = PLACE) -> str:
    """The message of the error that a PUT ends with; its traceback holds no credential."""
    with pytest.raises(S3Error) as told:
        S3(settings).put(place, b"content")
    text = "".join(traceback.format_exception(told.value))
    assert not [word for word in (KEY, SECRET, "another-key", "another-secret", "Signature=") if word in text]
    message = str(told.value)
    assert message.startswith(f"PutObject, {place}: ")
    return message


def test_a_bucket_that_is_not_there(settings_of_s3: S3Settings) -> None:
    assert "there is no such bucket: create it" in _told(settings_of_s3, S3Location("nobodys-bucket", "object"))


def test_a_wrong_secret(settings_of_s3: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    own = settings_of_s3.model_copy(update={"read_timeout_seconds": 1.1})  # clients are kept by their settings
    assert "the secret key is not that of the access key" in _told(own)


def test_an_unknown_key(settings_of_s3: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-key")
    own = settings_of_s3.model_copy(update={"read_timeout_seconds": 1.2})
    assert "the server does not know the access key" in _told(own)


def test_no_credentials(settings_of_s3: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    own = settings_of_s3.model_copy(update={"read_timeout_seconds": 1.3})
    assert "there are no credentials: set AWS_PROFILE" in _told(own)


def test_no_such_profile(settings_of_s3: S3Settings) -> None:
    with pytest.raises(S3Error, match="there is no such profile: correct RETAIL_S3_PROFILE"):
        S3(settings_of_s3.model_copy(update={"profile": "nobody"})).put(PLACE, b"")


def test_nobody_at_the_address(settings_of_s3: S3Settings) -> None:
    own = settings_of_s3.model_copy(update={"endpoint_url": f"http://127.0.0.1:{free_port()}"})
    assert "nobody answers at the address: is RETAIL_S3_ENDPOINT_URL right" in _told(own)


def test_a_server_that_never_answers(settings_of_s3: S3Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        own = settings_of_s3.model_copy(update={"endpoint_url": f"http://127.0.0.1:{listening.getsockname()[1]}"})
        assert "the server fell silent and all attempts are used up" in _told(own)


ANSWERS = {
    "AccessDenied": (403, "no permission: allow the action in the role's policy"),
    "ExpiredToken": (400, "the credentials have expired: renew them"),
    "AuthorizationHeaderMalformed": (400, "the bucket is in another region: set RETAIL_S3_REGION to eu-west-1"),
    "SlowDown": (503, "all attempts are used up: run it again later"),
    "KMS.DisabledException": (400, "the key cannot be used: see that it is enabled"),
    "RequestTimeTooSkewed": (403, "this machine's clock is wrong"),
    "EntityTooLarge": (400, "words of the server"),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_what_a_server_refuses(settings_of_s3: S3Settings, code: str) -> None:
    """By a server that only says so: real ones can be brought to few of these answers."""
    status, told = ANSWERS[code]
    body = f"<Error><Code>{code}</Code><Message>words of the server</Message></Error>"
    with _answering(status, body, x_amz_bucket_region="eu-west-1") as address:
        message = _told(settings_of_s3.model_copy(update={"endpoint_url": address}))
    assert told in message
    assert code in message
