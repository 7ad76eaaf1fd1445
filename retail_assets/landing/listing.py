"""Lists the objects below a prefix of S3, several stretches of it at once, a page of a thousand keys at a time.

Where each stretch begins is told by keys that were there before; it ends where the next one begins, in whatever order
the server keeps. That order is by bytes on AWS, and by folders on some other servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, partial
from html import unescape
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote_plus

from retail_assets.engine.parallel import at_once
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.s3_retry import asked

KEYS_A_STRETCH = 5_000
STRETCHES_AT_ONCE = 8
T = TypeVar("T")
_PARSES_FIRST: ContextVar[bool] = ContextVar("parses_first", default=False)
_FIELD = re.compile("<(Key|ETag|Size|LastModified)>([^<]*)</")
_END = "</ListBucketResult>"


class Found(NamedTuple):
    """An object as a listing tells of it."""

    key: str
    etag: str
    bytes: int
    mtime_ns: int
    """When it was last written, by the server's clock, in whole seconds on some servers."""


def listed(s3: S3, place: S3Location, take: Callable[[Found], T | None], known: Sequence[str] = ()) -> dict[str, T]:
    """What ``take`` makes of the objects below a place, by key; nothing of those that it makes nothing of.

    ``known`` are keys that are likely to be there, in order.

    Raises:
        S3Error: the place cannot be listed.
    """
    bounds = known[KEYS_A_STRETCH - 1 : -1 : KEYS_A_STRETCH]
    ends = frozenset(bounds)

    def taken(start: str) -> dict[str, T]:
        found = ((item.key, take(item)) for item in _stretch(s3, place, start, ends))
        return {key: made for key, made in found if made is not None}

    stretches = at_once(taken, ["", *bounds], STRETCHES_AT_ONCE)
    return {key: made for stretch in stretches for key, made in stretch.items()}


def _stretch(s3: S3, place: S3Location, start: str, ends: frozenset[str]) -> Iterator[Found]:
    """The objects after ``start``, up to the first one that ends a stretch."""
    named = {"Bucket": place.bucket, "Prefix": place.below}
    at = {"StartAfter": start} if start else {}
    while True:
        page = asked("ListObjectsV2", place, s3.settings.attempts, partial(_page, s3.client, {**named, **at}))
        for item in page.found:
            yield item
            if item.key in ends:
                return
        if not page.following:
            return
        at = {"ContinuationToken": page.following}


class _Page(NamedTuple):
    found: list[Found]
    following: str | None
    """The token of the next page."""


def _page(client: Any, named: dict[str, str]) -> _Page:
    """A page of a listing, parsed by ourselves where we can: botocore takes 0.1 s, ten times as long."""
    # With the star, botocore calls us before it parses the whole answer to see whether that is an error.
    client.meta.events.register("before-parse.*.ListObjectsV2", _parse_first, unique_id=__name__)
    token = _PARSES_FIRST.set(True)
    try:
        answer = client.list_objects_v2(**named)
    finally:
        _PARSES_FIRST.reset(token)
    found = answer.get("Found")
    if found is None:
        found = [
            Found(item["Key"], item["ETag"], item["Size"], _nanoseconds(item["LastModified"]))
            for item in answer.get("Contents", ())
        ]
    return _Page(found, answer.get("NextContinuationToken"))


def _parse_first(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Called by botocore with the raw answer: take the objects out of it, and leave the rest to botocore.

    ``Found`` becomes part of what botocore returns. An answer that is not of the form that servers write, or that broke
    off, is left as it is.
    """
    # Two threads that register at once may have botocore call this twice; by then the text holds no object any more.
    if "Found" in customized_response_dict or not _PARSES_FIRST.get() or response_dict["status_code"] >= 300:
        return
    text = response_dict["body"].decode("utf-8", "replace")
    if not text.rstrip().endswith(_END):
        return
    head, *items = text.replace("&#34;", '"').replace("&quot;", '"').split("<Contents>")  # every ETag has two
    is_encoded = "<EncodingType>url</EncodingType>" in text
    found = [_found(dict(_FIELD.findall(item)), is_encoded) for item in items]
    if all(found):
        customized_response_dict["Found"] = found
        after = items[-1].rpartition("</Contents>")[2] if items else ""
        response_dict["body"] = f"{head}{after}".encode()


def _found(fields: dict[str, str], is_encoded: bool) -> Found | None:
    if len(fields) < len(Found._fields):
        return None
    key, etag = unescape(fields["Key"]), unescape(fields["ETag"])
    changed = _moment(fields["LastModified"])
    return Found(unquote_plus(key) if is_encoded else key, etag, int(fields["Size"]), changed)


@lru_cache(maxsize=1024)
def _moment(text: str) -> int:
    """Objects are often written many in a second."""
    return _nanoseconds(datetime.fromisoformat(text))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9
