"""The objects that COPY reads and UNLOAD writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


class S3Failure(Exception):
    """What Redshift would say of a load whose objects are not as they should be."""


@dataclass(frozen=True)
class Bucket:
    """The S3 server as the roles of the stand-in see it."""

    client: Any = field(repr=False)
    roles: Sequence[str]

    def require(self, role: str) -> None:
        """Refuse a role that the stand-in was not started with."""
        if role not in self.roles:
            raise S3Failure(f"User is not authorized to assume IAM Role {role}")

    def sources(self, url: str, *, has_manifest: bool) -> list[str]:
        """The URLs of the objects to load: those that a manifest names, or all below a prefix."""
        if has_manifest:
            return self._listed_in(url)
        bucket, prefix = split_url(url)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        found = [f"s3://{bucket}/{key}" for key in keys if key.rsplit("/", 1)[-1][:1] not in ("_", ".", "#", "")]
        if not found:
            raise S3Failure(f"The specified S3 prefix '{prefix}' does not exist")
        return found

    def fetch(self, url: str, target: Path) -> None:
        """GET an object into a file, a piece at a time."""
        bucket, key = split_url(url)
        body = self._get(bucket, key)
        with target.open("wb") as stream:
            for piece in body.iter_chunks(CHUNK):
                stream.write(piece)

    def exists(self, prefix: str) -> bool:
        """Whether there is any object below the prefix."""
        bucket, key = split_url(prefix)
        return bool(self.client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount"))

    def put(self, source: Path, url: str) -> None:
        """PUT a file."""
        bucket, key = split_url(url)
        self.client.upload_file(str(source), bucket, key)

    def _listed_in(self, url: str) -> list[str]:
        bucket, key = split_url(url)
        entries = json.loads(self._get(bucket, key).read())["entries"]
        sizes = {entry["url"]: self._size(entry["url"]) for entry in entries}
        for entry in entries:
            held = sizes[entry["url"]]
            if held is None and entry.get("mandatory"):
                raise S3Failure(f"Problem reading manifest file - mandatory S3 file is missing: {entry['url']}")
            if held is not None and held != entry.get("meta", {}).get("content_length"):
                raise S3Failure(f"Manifest file is not in correct json format: content_length of {entry['url']}")
        return [entry["url"] for entry in entries if sizes[entry["url"]] is not None]

    def _size(self, url: str) -> int | None:
        from botocore.exceptions import ClientError

        bucket, key = split_url(url)
        try:
            size: int = self.client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise S3Failure(f"S3ServiceException: {error.response['Error']['Message']}, {url}") from error
        return size

    def _get(self, bucket: str, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.client.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            problem = error.response["Error"]
            raise S3Failure(f"S3ServiceException: {problem['Message']}, Error {problem['Code']}, {key}") from error


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URL."""
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise S3Failure(f"The S3 bucket address is invalid: {url}")
    return bucket, key
