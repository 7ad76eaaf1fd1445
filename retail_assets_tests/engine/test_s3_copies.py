"""Copies that the server makes by itself, whole and, of large objects, in parts; on a real S3 server."""

from __future__ import annotations

from uuid import uuid4

import pytest

from retail_assets.engine import s3_objects
from retail_assets.engine.s3_errors import ObjectChanged
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3, State
from retail_assets.local_cloud.s3_server import BUCKET, S3Server
from retail_assets.settings import Settings

PART = 5 * s3_objects.MEBIBYTE
CONTENT = bytes(range(256)) * 4096 * 12  # 12 MiB


@pytest.fixture(params=["whole", "in parts"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the server is asked to copy: nobody wants to wait for more than 5 GiB in a test."""
    if request.param == "in parts":
        monkeypatch.setattr(s3_objects, "MOST_BYTES_OF_A_COPY", PART)
        monkeypatch.setattr(s3_objects, "PART_OF_A_COPY", PART)
    return str(request.param)


@pytest.fixture
def store(on_s3: Settings) -> S3:
    return S3(on_s3.s3)


@pytest.fixture
def source(store: S3) -> tuple[S3Location, State]:
    """A large object with a name that must be escaped."""
    place = S3Location(BUCKET, f"{uuid4().hex}/a b+c%d/ü.parquet")
    return place, store.put(place, CONTENT)


def test_a_copy_is_the_same_object(store: S3, source: tuple[S3Location, State], way: str) -> None:
    place, state = source
    target = S3Location(BUCKET, f"{place.key}.copy")

    copied = store.copy(place, state, target)

    body = store.read(target)
    assert body
    assert body.content == CONTENT
    assert store.state(target) == copied
    assert (copied.sha256, copied.bytes) == (state.sha256, state.bytes)
    assert copied.etag.endswith('-3"') == (way == "in parts")


def test_what_was_replaced_meanwhile_is_not_copied(
    store: S3, source: tuple[S3Location, State], way: str, s3: S3Server
) -> None:
    place, state = source
    target = S3Location(BUCKET, f"{place.key}.copy")
    store.put(place, CONTENT[::-1])

    with pytest.raises(ObjectChanged):
        store.copy(place, state, target)

    assert store.state(target) is None
    assert "Uploads" not in s3.client().list_multipart_uploads(Bucket=BUCKET, Prefix=place.key)
