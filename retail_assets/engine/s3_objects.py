"""Single objects on S3: written whole, under a condition where one is given, and known again by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from retail_assets.engine.s3 import s3_client
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error, explained
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_multipart import put_in_parts
from retail_assets.settings import S3Settings

ABSENT = "*"
"""The condition that there is no object of that key yet; any other condition is the ETag that it has."""
MEBIBYTE = 1024 * 1024
MOST_BYTES_OF_A_COPY = 5 * 1024**3
UNCHANGED = "304"


class State(NamedTuple):
    """What S3 knows of an object. ``sha256`` is that of its bytes, empty where somebody else wrote it."""

    etag: str
    bytes: int
    sha256: str
    version: str | None


class Body(NamedTuple):
    """An object's bytes and the ETag that they have."""

    content: bytes
    etag: str


@dataclass(frozen=True)
class S3:
    """The objects that these settings reach."""

    settings: S3Settings

    @property
    def client(self) -> Any:
        """The client of botocore."""
        return s3_client(self.settings)

    def put(self, place: S3Location, content: bytes, only_if: str | None = None) -> State:
        """Write an object in one atomic step.

        Raises:
            ObjectChanged: it is not as ``only_if`` demands.
        """
        sha256 = hashlib.sha256(content).hexdigest()

        def send() -> Mapping[str, Any]:
            answer: Mapping[str, Any] = self.client.put_object(
                **_named(place), Body=content, Metadata={"sha256": sha256}, **self._encryption(), **_condition(only_if)
            )
            return answer

        return self._sent("PutObject", place, sha256, len(content), only_if, send)

    def put_file(self, place: S3Location, file: Path, sha256: str, only_if: str | None = None) -> State:
        """Write an object from a file in one atomic step, in parts where it is large.

        Raises:
            ObjectChanged: it is not as ``only_if`` demands.
        """
        size, part = file.stat().st_size, self.settings.multipart_mb * MEBIBYTE
        named = {**_named(place), "Metadata": {"sha256": sha256}, **self._encryption()}

        def send() -> Mapping[str, Any]:
            if size > part:
                return put_in_parts(self.client, file, part, named, _condition(only_if))
            with file.open("rb") as stream:
                answer: Mapping[str, Any] = self.client.put_object(**named, Body=stream, **_condition(only_if))
            return answer

        return self._sent("PutObject", place, sha256, size, only_if, send)

    def copy(self, source: S3Location, state: State, target: S3Location) -> State:
        """Let the server copy an object as it is in ``state``; its content never comes here.

        Raises:
            ObjectChanged: the source is another one by now.
        """
        if state.bytes > MOST_BYTES_OF_A_COPY:
            raise S3Error(f"CopyObject, {source}: it is larger than the 5 GiB that S3 copies in one step")
        with explained("CopyObject", source):
            answer = self.client.copy_object(
                **_named(target), CopySource=_named(source), CopySourceIfMatch=state.etag, **self._encryption()
            )
        return State(answer["CopyObjectResult"]["ETag"], state.bytes, state.sha256, answer.get("VersionId"))

    def state(self, place: S3Location) -> State | None:
        """What there is at a place; None where there is nothing."""
        try:
            with explained("HeadObject", place):
                answer = self.client.head_object(**_named(place))
        except ObjectMissing:
            return None
        sha256 = answer["Metadata"].get("sha256", "")
        return State(answer["ETag"], answer["ContentLength"], sha256, answer.get("VersionId"))

    def read(self, place: S3Location, unless: str | None = None) -> Body | None:
        """The object's bytes; None where its ETag is the one of ``unless``. An answer that is cut short is asked again.

        Raises:
            ObjectMissing: there is none.
        """
        from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError

        condition = {"IfNoneMatch": unless} if unless else {}
        for left in reversed(range(self.settings.attempts)):
            with explained("GetObject", place):
                try:
                    answer = self.client.get_object(**_named(place), **condition)
                    return Body(answer["Body"].read(), answer["ETag"])
                except ClientError as error:
                    if error.response["Error"]["Code"] == UNCHANGED:
                        return None
                    raise
                except (IncompleteReadError, ConnectionError, HTTPClientError):
                    if not left:
                        raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def listed(self, below: S3Location) -> Iterator[tuple[S3Location, str, int]]:
        """Every object below a place, with its ETag and size, page by page."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=below.bucket, Prefix=below.below)
        with explained("ListObjectsV2", below):
            for page in pages:
                for item in page.get("Contents", ()):
                    yield S3Location(below.bucket, item["Key"]), item["ETag"], item["Size"]

    def remove(self, place: S3Location) -> None:
        """Delete an object, if it is there; of a versioned bucket, earlier versions stay."""
        with explained("DeleteObject", place):
            self.client.delete_object(**_named(place))

    def abort_uploads(self, below: S3Location) -> int:
        """Abort uploads in parts that were begun below a place; only for whoever alone may write there."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=below.bucket, Prefix=below.below)
        with explained("ListMultipartUploads", below):
            uploads = [item for page in pages for item in page.get("Uploads", ())]
            for item in uploads:
                self.client.abort_multipart_upload(Bucket=below.bucket, Key=item["Key"], UploadId=item["UploadId"])
        return len(uploads)

    def _sent(
        self,
        action: str,
        place: S3Location,
        sha256: str,
        size: int,
        only_if: str | None,
        send: Callable[[], Mapping[str, Any]],
    ) -> State:
        try:
            with explained(action, place):
                answer = send()
        except (ObjectChanged, ObjectMissing) as error:
            # The answer to an earlier attempt may have been lost: then what stands in the way is our own object.
            found = self.state(place)
            if found and found.sha256 == sha256:
                return found
            if isinstance(error, ObjectMissing) and not only_if:
                raise
            raise ObjectChanged(f"{action}, {place}: somebody else has changed it meanwhile; run it again") from error
        return State(answer["ETag"], size, sha256, answer.get("VersionId"))

    def _encryption(self) -> dict[str, str]:
        if self.settings.encryption == "none":
            return {}
        if self.settings.encryption == "sse-s3":
            return {"ServerSideEncryption": "AES256"}
        key = {"SSEKMSKeyId": self.settings.kms_key_id} if self.settings.kms_key_id else {}
        return {"ServerSideEncryption": "aws:kms", **key}


def sha256_of(file: Path) -> str:
    """The digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _named(place: S3Location) -> dict[str, str]:
    return {"Bucket": place.bucket, "Key": place.key}


def _condition(only_if: str | None) -> dict[str, str]:
    if only_if is None:
        return {}
    return {"IfNoneMatch": "*"} if only_if == ABSENT else {"IfMatch": only_if}
