"""Objects that are made in parts: nobody sees one before the last request, which makes it whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from retail_assets.engine.parallel import at_once

TOGETHER = 4
MOST_PARTS = 10_000
"""Of one object, as S3 has it."""
Answer = Mapping[str, Any]


def put_in_parts(
    client: Any, file: Path, part_bytes: int, named: Mapping[str, Any], condition: Mapping[str, str]
) -> Answer:
    """Upload a file in parts of this size; ``named`` is what makes the object, ``condition`` when it may appear."""
    from s3transfer.utils import ReadFileChunk

    size = file.stat().st_size
    part_bytes = max(part_bytes, -(-size // MOST_PARTS))

    def send(part: Mapping[str, Any], start: int) -> Answer:
        with ReadFileChunk.from_filename(str(file), start, part_bytes) as chunk:
            answer: Answer = client.upload_part(**part, Body=chunk)
        return answer

    return _made(client, named, range(0, size, part_bytes), send, condition)


def copy_in_parts(
    client: Any, source: Mapping[str, Any], size: int, part_bytes: int, named: Mapping[str, Any]
) -> Answer:
    """Let the server copy so many bytes in parts; ``source`` says of what, ``named`` is what makes the new object."""

    def send(part: Mapping[str, Any], start: int) -> Answer:
        reach = f"bytes={start}-{min(start + part_bytes, size) - 1}"
        answer = client.upload_part_copy(**part, **source, CopySourceRange=reach)
        result: Answer = answer["CopyPartResult"]
        return result

    return _made(client, named, range(0, size, part_bytes), send, {})


def _made(
    client: Any,
    named: Mapping[str, Any],
    starts: range,
    send: Callable[[Mapping[str, Any], int], Answer],
    condition: Mapping[str, str],
) -> Answer:
    """The object of the parts that begin at these bytes.

    An upload that fails is aborted; one whose process dies stays until somebody sweeps (``S3.abort_uploads``).
    """
    from botocore.exceptions import BotoCoreError, ClientError

    place = {name: named[name] for name in ("Bucket", "Key")}
    upload = {**place, "UploadId": client.create_multipart_upload(**named)["UploadId"]}

    def part(number: int) -> Answer:
        answer = send({**upload, "PartNumber": number}, starts[number - 1])
        checksums = {name: value for name, value in answer.items() if name.startswith("ChecksumCRC")}
        return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    try:
        parts = at_once(part, range(1, len(starts) + 1), TOGETHER)
        answer: Answer = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **condition)
    except Exception:
        with suppress(BotoCoreError, ClientError):  # what went wrong before says more; a sweep removes what is left
            client.abort_multipart_upload(**upload)
        raise
    return answer
