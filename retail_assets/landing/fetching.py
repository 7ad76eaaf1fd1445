"""Fetches an object into a private file, in bounded memory: whole, as it was listed, or not at all."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error, broken_answers, explained
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.s3_retry import pause
from retail_assets.landing.arrival import Arrival, FileChanged
from retail_assets.landing.blocked import UNREADABLE, BlockedFile

CHUNK = 1024 * 1024
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_CHECKED = ("ChecksumCRC32", "ChecksumSHA1", "ChecksumSHA256")
_DENIED = {
    "AccessDenied": ("it may not be read", "Allow the role to read it, and to use the key that it is encrypted with."),
    "InvalidObjectState": ("it is archived", "Restore it, or move it out of the landing prefix."),
}


class _Broken(Exception):
    """The answer ended early, or is not what the server says that it sent."""


def fetch(s3: S3, arrival: Arrival, target: Path) -> Arrival:
    """Fetch the object that an arrival tells of, under the condition that it still is that one.

    Where the line breaks, the rest is asked for, for as long as some of it comes.

    Raises:
        FileChanged: it has been replaced or removed since.
        BlockedFile: ``unreadable_file``: this one object is denied.
        S3Error: it does not arrive whole.
    """
    place = S3Location.of(arrival.location)
    target.touch()
    left = s3.settings.attempts
    while True:
        had = target.stat().st_size
        try:
            with explained("GetObject", place):
                _receive(s3.client, place, arrival, target)
        except (ObjectChanged, ObjectMissing) as error:
            raise FileChanged(f"{arrival.name} is gone or has been replaced since it was listed") from error
        except _Broken as error:
            left = s3.settings.attempts if target.stat().st_size > had else left - 1
            if not left:
                raise S3Error(f"GetObject, {place}: {error}; all attempts are used up: run it again later") from error
            time.sleep(pause(s3.settings.attempts - left))
        else:
            return Arrival(arrival.name, str(target), arrival.bytes, target.stat().st_mtime_ns, source=arrival.source)


def _receive(client: Any, place: S3Location, arrival: Arrival, target: Path) -> None:
    """Append what is missing, then hold the whole against what the server says of it."""
    had = target.stat().st_size
    if had < arrival.bytes or not had:
        answer = _get(client, place, arrival, had)
        with target.open("ab") as file:
            for chunk in _chunks(answer["Body"], target):
                file.write(chunk)
    else:
        answer = {}
    size = target.stat().st_size
    if size < arrival.bytes:
        raise _Broken(f"it ended after {size:,} of {arrival.bytes:,} bytes")
    if size > arrival.bytes or not _is_intact(arrival, answer, target):
        target.write_bytes(b"")
        raise _Broken("it arrives damaged: its bytes are not those of its ETag")


def _get(client: Any, place: S3Location, arrival: Arrival, had: int) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    rest = {"Range": f"bytes={had}-"} if had else {}
    try:
        answer: dict[str, Any] = client.get_object(Bucket=place.bucket, Key=place.key, IfMatch=arrival.etag, **rest)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _DENIED:
            raise
        cause, mend = _DENIED[code]
        raise BlockedFile(UNREADABLE, arrival.name, f"{cause} ({code})", mend) from error
    return answer


def _chunks(body: Any, target: Path) -> Iterator[bytes]:
    from botocore.exceptions import FlexibleChecksumError

    try:
        while chunk := body.read(CHUNK):
            yield chunk
    except FlexibleChecksumError as error:
        target.write_bytes(b"")
        raise _Broken("it arrives damaged: its bytes are not those of its checksum") from error
    except broken_answers() as error:
        raise _Broken(f"its bytes stopped coming ({type(error).__name__})") from error
    finally:
        body.close()


def _is_intact(arrival: Arrival, answer: dict[str, Any], target: Path) -> bool:
    """Whether the bytes are those of the ETag, where that is their MD5: of one PUT, not encrypted with a key of KMS.

    Not asked where botocore has held them against a checksum of the whole already.
    """
    found = _MD5.fullmatch(arrival.etag)
    was_checked = "ContentRange" not in answer and any("-" not in answer.get(name, "-") for name in _CHECKED)
    if (
        not found
        or was_checked
        or answer.get("ServerSideEncryption", "AES256") != "AES256"
        or "SSECustomerAlgorithm" in answer
    ):
        return True
    with target.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == found[1]
