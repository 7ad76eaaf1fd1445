"""Encryption on the server: whatever makes an object says how it is to be encrypted, and nothing else does.

The S3 server is real, and encrypts. The keys of KMS come from a stand-in that it asks as it would ask AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.cli.cloud_examination import examine_cloud
from retail_assets.contracts import contract
from retail_assets.engine import s3_objects
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.local_cloud.s3_server import BUCKET, S3Server, s3_server
from retail_assets.settings import S3Settings, Settings
from retail_assets_tests.building import build, event, land, rows
from retail_assets_tests.landing.inboxes_on_s3 import put, with_inbox
from retail_assets_tests.servers.fault_proxy import FaultProxy
from retail_assets_tests.servers.kms import KeyServer, key_server

KEY = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
HEADER = re.compile(r"(?im)^(x-amz-server-side-encryption[\w-]*): *(.*?)\r$")
SSE_S3 = {"x-amz-server-side-encryption": "AES256"}
SSE_KMS = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": KEY}
WAYS: dict[str, tuple[dict[str, str], Mapping[str, str]]] = {
    "none": ({}, {}),
    "sse-s3": ({"encryption": "sse-s3"}, SSE_S3),
    "kms": ({"encryption": "kms", "kms_key_id": KEY}, SSE_KMS),
}


@pytest.fixture(scope="module")
def keys() -> Iterator[KeyServer]:
    with key_server() as found:
        yield found


@pytest.fixture(scope="module")
def server(keys: KeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server of its own, which has keys."""
    with s3_server(tmp_path_factory.mktemp("s3-with-kms"), keys.endpoint) as found:
        yield found


@pytest.fixture
def heads(server: S3Server) -> Iterator[tuple[str, list[str]]]:
    """An address of the server, and the heads of the requests that come in there."""
    seen: list[str] = []
    with FaultProxy(server.endpoint, hears=seen.append).running() as proxy:
        yield proxy.endpoint, seen


@pytest.fixture
def lake(heads: tuple[str, list[str]], on_s3: Settings, way: str) -> Platform:
    """A platform whose lake and inbox are there, encrypted one way or another."""
    own = {"endpoint_url": heads[0], "multipart_mb": 5, **WAYS[way][0]}
    url = f"s3://{BUCKET}/{uuid4().hex}/lake"
    return Platform.of(with_inbox(on_s3.model_copy(update={"lake_url": url, "s3": on_s3.s3.model_copy(update=own)})))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _makes_an_object(head: str) -> bool:
    """Whether the request is PutObject, CopyObject or CreateMultipartUpload: parts are encrypted as these said."""
    method, path = head.split(" ")[:2]
    return (method == "PUT" and "partNumber=" not in path) or (method == "POST" and path.endswith("?uploads"))


def _copy_in_parts(settings: S3Settings, place: S3Location, file: Path) -> None:
    """The server copies no parts of what a key of KMS has encrypted: so here from an object without, as AWS does."""
    plain = S3(settings.model_copy(update={"encryption": "none", "kms_key_id": None}))
    source, target = plain.put_file(place, file, "digest"), S3Location(place.bucket, f"{place.key}.copy")
    S3(settings).copy(place, source, target)
    body = S3(settings).read(target)
    assert body
    assert body.content == file.read_bytes()


def test_every_request_that_makes_an_object_names_the_encryption(
    way: str, lake: Platform, heads: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "MOST_BYTES_OF_A_COPY", 5 * s3_objects.MEBIBYTE)
    expected, (_, seen) = WAYS[way][1], heads
    place, large = S3Location.of(str(lake.settings.lake_url)) / "large", tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 4096 * 6)
    put(lake, "day.csv", [event(), event(price="x"), event(event_time="never")])
    build(lake)
    S3(lake.settings.s3).put_file(place, large, "digest")
    assert not [finding for finding in examine_cloud(lake.settings) if finding.state == "wrong"]
    asked = list(seen)
    seen.clear()
    _copy_in_parts(lake.settings.s3, place, large)
    of_the_copy = [head for head in seen if ".copy" in head.split(" ")[1]]

    kinds = {(head.split(" ")[0], "copy-source" in head.lower(), "uploadId=" in head.split(" ")[1]) for head in asked}
    assert kinds >= {("PUT", False, False), ("PUT", True, False), ("PUT", False, True)}
    assert any("partNumber" in head and "copy-source" in head.lower() for head in of_the_copy)
    for head in [*asked, *of_the_copy]:
        found = {name.lower(): value for name, value in HEADER.findall(head)}
        assert found == (expected if _makes_an_object(head) else {}), head.partition("\r\n")[0]


def test_what_is_encrypted_reads_as_before(way: str, lake: Platform, platform: Platform, server: S3Server) -> None:
    content = [event(product_id=str(number)) for number in range(30)]
    put(lake, "day.csv", content)
    land(platform, "day.csv", content)
    for one in (lake, platform):
        build(one)

    query = "SELECT * FROM features ORDER BY ALL"
    assert rows(lake, query, "features") == rows(platform, query, "features")
    (entry, *_) = lake.stores["lake"].published(contract("clean_events")).values()
    place = S3Location.of(entry.location)
    held = server.client().head_object(Bucket=place.bucket, Key=place.key)
    assert held.get("ServerSideEncryption") == WAYS[way][1].get("x-amz-server-side-encryption")
    assert lake.landing.pending() == []


@pytest.mark.parametrize("way", ["kms"], indirect=True)
def test_a_key_is_asked_for_each_object_and_opens_it(lake: Platform, keys: KeyServer) -> None:
    put(lake, "day.csv", [event()])
    before = keys.asked["GenerateDataKey", KEY]

    build(lake, "raw_events", "clean_events")

    assert keys.asked["GenerateDataKey", KEY] > before
    assert keys.asked["Decrypt", KEY] > 0
