"""Single objects on S3: written whole, under a condition where one is given, and known again by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from retail_assets.engine.s3 import s3_client
from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_multipart import copy_in_parts, put_in_parts
from retail_assets.engine.s3_retry import asked
from retail_assets.settings import S3Settings

T = TypeVar("T")
ABSENT = "*"
"""The condition that there is no object of that key yet; any other condition is the ETag that it has."""
MEBIBYTE = 1024 * 1024
MOST_BYTES_OF_A_COPY = 5 * 1024 * MEBIBYTE
"""In one step. What is larger is copied in parts, each as fast as the server has it."""
PART_OF_A_COPY = 1024 * MEBIBYTE
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
        named: dict[str, Any] = {**_named(target), **self._encryption()}
        condition = {"CopySource": _named(source), "CopySourceIfMatch": state.etag}
        send: Callable[[], Mapping[str, Any]]
        if state.bytes > MOST_BYTES_OF_A_COPY:
            named["Metadata"] = {"sha256": state.sha256}  # which a copy in one step takes over by itself
            send = partial(copy_in_parts, self.client, condition, state.bytes, PART_OF_A_COPY, named)
        else:
            send = partial(self.client.copy_object, **named, **condition)
        answer = self._asked("CopyObject", source, send)
        etag = answer.get("CopyObjectResult", answer)["ETag"].strip('"')
        return State(f'"{etag}"', state.bytes, state.sha256, answer.get("VersionId"))  # not all servers quote this one

    def state(self, place: S3Location) -> State | None:
        """What there is at a place; None where there is nothing."""
        try:
            answer = self._asked("HeadObject", place, lambda: self.client.head_object(**_named(place)))
        except ObjectMissing:
            return None
        sha256 = answer["Metadata"].get("sha256", "")
        return State(answer["ETag"], answer["ContentLength"], sha256, answer.get("VersionId"))

    def read(self, place: S3Location, unless: str | None = None) -> Body | None:
        """The object's bytes; None where its ETag is the one of ``unless``.

        Raises:
            ObjectMissing: there is none.
        """
        condition = {"IfNoneMatch": unless} if unless else {}

        def get() -> Body | None:
            from botocore.exceptions import ClientError

            try:
                answer = self.client.get_object(**_named(place), **condition)
            except ClientError as error:
                if error.response["Error"]["Code"] == UNCHANGED:
                    return None
                raise
            return Body(answer["Body"].read(), answer["ETag"])

        return self._asked("GetObject", place, get)

    def fetch(self, place: S3Location, file: Path) -> None:
        """Write the object's bytes into a file, a piece at a time.

        Raises:
            ObjectMissing: there is none.
        """

        def get() -> None:
            body = self.client.get_object(**_named(place))["Body"]
            with file.open("wb") as stream:
                for piece in body.iter_chunks(MEBIBYTE):
                    stream.write(piece)

        self._asked("GetObject", place, get)

    def listed(self, below: S3Location) -> Iterator[tuple[S3Location, str, int]]:
        """Every object below a place, with its ETag and size, page by page."""
        named: dict[str, str] = {"Bucket": below.bucket, "Prefix": below.below}
        while named:
            page = self._asked("ListObjectsV2", below, partial(self.client.list_objects_v2, **named))
            for item in page.get("Contents", ()):
                yield S3Location(below.bucket, item["Key"]), item["ETag"], item["Size"]
            token = page.get("NextContinuationToken")
            named = {**named, "ContinuationToken": token} if token else {}

    def remove(self, place: S3Location) -> None:
        """Delete an object, if it is there; of a versioned bucket, earlier versions stay."""
        self._asked("DeleteObject", place, lambda: self.client.delete_object(**_named(place)))

    def begin_upload(self, place: S3Location) -> str:
        """Begin an upload in parts, of which nobody sees anything; returns its identifier."""
        named = {**_named(place), **self._encryption()}
        answer = self._asked("CreateMultipartUpload", place, lambda: self.client.create_multipart_upload(**named))
        return str(answer["UploadId"])

    def is_versioned(self, bucket: str) -> bool:
        """Whether the bucket keeps what is replaced or deleted."""
        place = S3Location(bucket)
        answer = self._asked("GetBucketVersioning", place, lambda: self.client.get_bucket_versioning(Bucket=bucket))
        return bool(answer.get("Status") == "Enabled")

    def abort_uploads(self, below: S3Location) -> int:
        """Abort uploads in parts that were begun below a place; only for whoever alone may write there."""
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=below.bucket, Prefix=below.below)
        uploads = self._asked(
            "ListMultipartUploads", below, lambda: [item for page in pages for item in page.get("Uploads", ())]
        )
        for item in uploads:
            place = S3Location(below.bucket, item["Key"])
            with suppress(ObjectMissing):  # an abort whose answer was lost
                abort = partial(self.client.abort_multipart_upload, UploadId=item["UploadId"], **_named(place))
                self._asked("AbortMultipartUpload", place, abort)
        return len(uploads)

    def _asked(self, action: str, place: S3Location, send: Callable[[], T]) -> T:
        return asked(action, place, self.settings.attempts, send)

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
            answer = self._asked(action, place, send)
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


def _named(place: S3Location) -> dict[str, str]:
    return {"Bucket": place.bucket, "Key": place.key}


def _condition(only_if: str | None) -> dict[str, str]:
    if only_if is None:
        return {}
    return {"IfNoneMatch": "*"} if only_if == ABSENT else {"IfMatch": only_if}
