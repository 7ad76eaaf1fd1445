"""Uploads in parts: nobody sees the object before the last request, which makes it whole."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

TOGETHER = 4


def put_in_parts(
    client: Any, file: Path, part_bytes: int, named: Mapping[str, Any], condition: Mapping[str, str]
) -> Mapping[str, Any]:
    """Upload a file in parts of this size; ``named`` is what makes the object, ``condition`` when it may appear.

    An upload that fails is aborted; one whose process dies stays until somebody sweeps (``S3.abort_uploads``).
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.utils import ReadFileChunk

    place = {name: named[name] for name in ("Bucket", "Key")}
    upload = {**place, "UploadId": client.create_multipart_upload(**named)["UploadId"]}
    count = -(-file.stat().st_size // part_bytes)

    def send(number: int) -> Mapping[str, Any]:
        with ReadFileChunk.from_filename(str(file), (number - 1) * part_bytes, part_bytes) as chunk:
            answer = client.upload_part(**upload, PartNumber=number, Body=chunk)
        checksums = {name: value for name, value in answer.items() if name.startswith("ChecksumCRC")}
        return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

    try:
        with ThreadPoolExecutor(min(TOGETHER, count)) as pool:
            parts = list(pool.map(send, range(1, count + 1)))
        answer: Mapping[str, Any] = client.complete_multipart_upload(
            **upload, MultipartUpload={"Parts": parts}, **condition
        )
    except Exception:
        with suppress(BotoCoreError, ClientError):  # what went wrong before says more; a sweep removes what is left
            client.abort_multipart_upload(**upload)
        raise
    return answer
