"""`retail doctor --cloud` and the IAM policies of docs/cloud.md: what is needed, what is missing, and nothing more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.cli.cloud_examination import examine_cloud, examine_lake
from retail_assets.engine import s3_objects
from retail_assets.engine.s3 import s3_client
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.s3_server import S3Server
from retail_assets.settings import Settings
from retail_assets_tests.building import build, event, land
from retail_assets_tests.servers.fault_proxy import FaultProxy

DOCS = Path(__file__).parents[2] / "docs" / "cloud.md"
ACTIONS = {
    "AbortMultipartUpload": {"s3:AbortMultipartUpload"},
    "CompleteMultipartUpload": {"s3:PutObject"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
    "CreateMultipartUpload": {"s3:PutObject"},
    "DeleteObject": {"s3:DeleteObject"},
    "GetBucketVersioning": {"s3:GetBucketVersioning"},
    "GetObject": {"s3:GetObject"},
    "HeadObject": {"s3:GetObject"},
    "ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "ListObjectsV2": {"s3:ListBucket"},
    "PutObject": {"s3:PutObject"},
    "UploadPart": {"s3:PutObject"},
    "UploadPartCopy": {"s3:GetObject", "s3:PutObject"},
}
"""What AWS demands for the calls that we make."""
SMALLEST_PARTS = {"multipart_mb": 5}
OF_DUCKDB = {"s3:GetObject", "s3:GetObjectVersion"}
"""What AWS demands for reading the objects of a versioned bucket, each in the version that the scan began with."""


def _policies() -> list[dict[str, list[dict[str, object]]]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)]


def _lake(settings: Settings) -> S3Location:
    assert settings.lake_url
    return S3Location.of(settings.lake_url)


def test_the_policies_are_policies() -> None:
    statements = [statement for policy in _policies() for statement in policy["Statement"]]
    assert len(statements) >= 5
    for policy in _policies():
        assert set(policy) == {"Version", "Statement"}
        assert policy["Version"] == "2012-10-17"
    for statement in statements:
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", action) for action in statement["Action"])  # type: ignore[attr-defined]
        assert "*" not in (statement["Resource"], statement["Action"])


def test_the_policy_of_the_lake_allows_what_is_called_and_nothing_else(
    on_s3: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = on_s3.s3.model_copy(update=SMALLEST_PARTS)
    settings, called = on_s3.model_copy(update={"s3": own}), set[str]()
    events, listed = s3_client(own).meta.events, set[str]()
    events.register("before-call.s3", lambda model, **_: called.add(model.name))
    events.register("before-call.s3.ListObjectsV2", lambda params, **_: listed.add(params["query_string"]["prefix"]))
    lake = Platform.of(settings)
    land(lake, "day.csv", [event()])
    build(lake)
    large = tmp_path / "large"
    large.write_bytes(bytes(6 * 1024 * 1024))
    state = S3(own).put_file(_lake(settings) / "large", large, "digest")
    monkeypatch.setattr(s3_objects, "MOST_BYTES_OF_A_COPY", 5 * 1024 * 1024)
    S3(own).copy(_lake(settings) / "large", state, _lake(settings) / "copied")
    assert not [finding for finding in examine_cloud(settings) if finding.state == "wrong"]

    demanded = OF_DUCKDB.union(*(ACTIONS[name] for name in called))

    allowed = {action for statement in _policies()[0]["Statement"] for action in statement["Action"]}  # type: ignore[attr-defined]
    assert demanded == allowed
    assert listed
    assert all(prefix.startswith(_lake(settings).below) for prefix in listed)  # never the whole bucket


def test_whoever_only_reads_the_lake_may_read_it_in_a_versioned_bucket() -> None:
    (reading,) = (item for policy in _policies() for item in policy["Statement"] if item["Sid"] == "ReadTheLake")

    assert set(reading["Action"]) == OF_DUCKDB  # type: ignore[call-overload]


def test_the_doctor_leaves_nothing_behind(on_s3: Settings, s3: S3Server) -> None:
    findings = list(examine_cloud(on_s3))

    assert {finding.state for finding in findings} == {"ok", "hint"}
    lake = _lake(on_s3)
    assert list(S3(on_s3.s3).listed(lake)) == []
    assert "Uploads" not in s3.client().list_multipart_uploads(Bucket=lake.bucket, Prefix=lake.key)


@pytest.mark.parametrize(
    ("method", "action"),
    [("PUT", "s3:PutObject"), ("DELETE", "s3:DeleteObject"), ("POST", "s3:AbortMultipartUpload"), ("HEAD", "copy")],
)
def test_a_missing_permission_is_named_and_the_others_are_tried(
    on_s3: Settings, s3: S3Server, method: str, action: str
) -> None:
    """By a proxy that refuses a method: the server knows no policies as fine as AWS."""
    with FaultProxy(s3.endpoint, denied=frozenset({method})).running() as proxy:
        own = on_s3.s3.model_copy(update={"endpoint_url": proxy.endpoint, "attempts": 1})
        findings = list(examine_lake(_lake(on_s3), own))

    wrong = [finding for finding in findings if finding.state == "wrong"]
    assert any(action in finding.what for finding in wrong)
    assert all("permission" in finding.mend for finding in wrong)
    assert "list (s3:ListBucket)" in findings[0].what
    assert findings[0].state == "ok"
    assert any("versioning" in finding.what for finding in findings)


def test_what_is_no_question_of_permissions_is_told_once(on_s3: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    own = on_s3.s3.model_copy(update={"read_timeout_seconds": 29})  # clients are kept by their settings

    (finding,) = examine_lake(_lake(on_s3), own)

    assert finding.state == "wrong"
    assert "the secret key is not that of the access key" in finding.mend


def test_every_inbox_is_looked_at(on_s3: Settings) -> None:
    place = S3Location.of(str(on_s3.lake_url))
    tills = {"name": "tills", "place": f"s3://{place.bucket}/{place.key}-tills"}
    away = {"name": "away", "place": "s3://nobodys-bucket/events"}
    inbox = f"s3://{place.bucket}/{place.key}-landing"
    settings = Settings.model_validate(on_s3.model_dump() | {"inbox_url": inbox, "sources": [tills, away]})
    S3(on_s3.s3).put(S3Location.of(inbox) / "a.csv", b"x")

    found = {finding.what: finding for finding in examine_cloud(settings) if finding.what.startswith("inbox")}

    assert found[f"inbox {inbox}: read (s3:GetObject)"].found == "a.csv may be read"
    assert found[f"inbox {tills['place']}: read (s3:GetObject)"].state == "hint"
    (wrong,) = [finding for finding in found.values() if finding.state == "wrong"]
    assert wrong.what == "inbox s3://nobodys-bucket/events: list (s3:ListBucket)"
    assert "there is no such bucket" in wrong.mend
