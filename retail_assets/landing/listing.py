"""Lists the objects below a prefix of S3, several stretches of it at once, a page of a thousand keys at a time.

Where each stretch begins is told by keys that were there before; it ends where the next one begins, in whatever order
the server keeps. That order is by bytes on AWS, and by folders on some other servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from retail_assets.engine.s3_errors import explained
from retail_assets.engine.s3_location import S3Location

KEYS_A_STRETCH = 5_000
STRETCHES_AT_ONCE = 8
_PARSES_FAST: ContextVar[bool] = ContextVar("parses_fast", default=False)


class Found(NamedTuple):
    """An object as a listing tells of it."""

    key: str
    etag: str
    bytes: int
    changed_at: str
    """ISO 8601, as it came: a hundred thousand of them take seconds to parse."""

    @property
    def mtime_ns(self) -> int:
        """When it was last written, by the server's clock."""
        return int(datetime.fromisoformat(self.changed_at).timestamp()) * 10**9


def listed(
    client: Any, place: S3Location, known: Sequence[str] = (), wanted: Callable[[Found], bool] = lambda _: True
) -> list[Found]:
    """The wanted objects below a place, by key. ``known`` are keys that are likely to be there, in order.

    Raises:
        S3Error: the place cannot be listed.
    """
    bounds = known[KEYS_A_STRETCH - 1 : -1 : KEYS_A_STRETCH]
    starts, ends = ["", *bounds], frozenset(bounds)
    with explained("listing", place), ThreadPoolExecutor(min(len(starts), STRETCHES_AT_ONCE), "listing") as pool:
        stretches = pool.map(lambda start: list(filter(wanted, _stretch(client, place, start, ends))), starts)
        found = {item.key: item for stretch in stretches for item in stretch}
    return [found[key] for key in sorted(found)]


def _stretch(client: Any, place: S3Location, start: str, ends: frozenset[str]) -> Iterator[Found]:
    """The objects after ``start``, up to the first one that ends a stretch."""
    place_in_list = {"StartAfter": start} if start else {}
    while True:
        with _fast_parsing(client):
            page = client.list_objects_v2(Bucket=place.bucket, Prefix=place.below, **place_in_list)
        for item in page["Found"]:
            yield item
            if item.key in ends:
                return
        if not page["Next"]:
            return
        place_in_list = {"ContinuationToken": page["Next"]}


@contextmanager
def _fast_parsing(client: Any) -> Iterator[None]:
    """Parse the listing that this thread asks for ourselves: botocore takes eight times as long (0.1 s a page)."""
    client.meta.events.register_first("before-parse.s3.ListObjectsV2", _parse, unique_id="retail_assets.landing.listing")
    token = _PARSES_FAST.set(True)
    try:
        yield
    finally:
        _PARSES_FAST.reset(token)


def _parse(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Called by botocore with the raw answer; what is put into ``customized_response_dict`` becomes part of its own."""
    if not _PARSES_FAST.get() or response_dict["status_code"] >= 300:
        return
    root = ElementTree.fromstring(response_dict["body"])  # noqa: S314 - the answer of the server that we trust with all
    space, is_list, _ = root.tag.partition("ListBucketResult")
    if not is_list:  # an error that comes as a success
        return
    is_encoded = root.findtext(f"{space}EncodingType") == "url"
    items = [{part.tag: part.text or "" for part in item} for item in root.iter(f"{space}Contents")]
    key, etag, size, changed = (f"{space}{name}" for name in ("Key", "ETag", "Size", "LastModified"))
    customized_response_dict["Found"] = [
        Found(unquote_plus(item[key]) if is_encoded else item[key], item[etag], int(item[size]), item[changed])
        for item in items
    ]
    is_cut = root.findtext(f"{space}IsTruncated") == "true"
    customized_response_dict["Next"] = root.findtext(f"{space}NextContinuationToken") if is_cut else None
    response_dict["body"] = b"<ListBucketResult/>"
