"""Page after page of an API, until it has no more: by number, by offset, by cursor or by link."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from retail_assets.sources.declared.configuration import HttpSource, Pagination
from retail_assets.sources.declared.errors import SourceUnavailable
from retail_assets.sources.http.asking import Answer, Asking

Records = list[dict[str, Any]]


def pages_of(asking: Asking, parameters: dict[str, str]) -> Iterator[Records]:
    """The records of each page, in order.

    Raises:
        SourceUnavailable: a page cannot be had, holds no list of objects, or leads back to one that was before.
    """
    pagination = asking.source.pagination
    if pagination is None:
        yield records_of(asking.source, asking.get(asking.source.url, parameters))
    elif pagination.style in ("page", "offset"):
        yield from _counted(asking, pagination, parameters)
    else:
        yield from _led(asking, pagination, parameters)


def records_of(source: HttpSource, answer: Answer) -> Records:
    """The records of an answer."""
    found = within(answer.content, source.records)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        place = source.records or "the answer itself"
        raise SourceUnavailable(
            f"{source.name}: {source.url}: {place} is no list of objects: correct records in sources.yaml"
        )
    return found


def within(content: Any, path: str) -> Any:
    """What stands at a path such as ``data.items``; None where there is nothing."""
    for key in path.split(".") if path else ():
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _counted(asking: Asking, pagination: Pagination, parameters: dict[str, str]) -> Iterator[Records]:
    """Pages by number or offset, up to the first empty one. A page that repeats the one before is asked for again."""
    at, before = (pagination.first if pagination.style == "page" else 0), ""
    while True:
        asked = {**parameters, **_size(pagination), pagination.name: str(at)}
        records = records_of(asking.source, asking.get(asking.source.url, asked))
        if records and _digest(records) == before:
            records = records_of(asking.source, asking.get(asking.source.url, asked))
            if _digest(records) == before:
                raise SourceUnavailable(
                    f"{asking.source.name}: {asking.source.url} answers {pagination.name}={at} with the page before: "
                    "does it know that parameter? Correct pagination in sources.yaml. Nothing was taken in."
                )
        if not records:
            return
        yield records
        before = _digest(records)
        at += 1 if pagination.style == "page" else len(records)


def _led(asking: Asking, pagination: Pagination, parameters: dict[str, str]) -> Iterator[Records]:
    """Pages of which each names the next one; an empty page may."""
    url, asked, seen = asking.source.url, {**parameters, **_size(pagination)}, set[str]()
    while True:
        answer = asking.get(url, asked)
        yield records_of(asking.source, answer)
        following = within(answer.content, pagination.next) if pagination.next else answer.link
        if following in (None, "", False):
            return
        if str(following) in seen:
            raise SourceUnavailable(
                f"{asking.source.name}: {asking.source.url} leads in a circle: its page names one as the next that was "
                "before. Nothing was taken in."
            )
        seen.add(str(following))
        if pagination.style == "cursor":
            asked = {**parameters, **_size(pagination), pagination.name: str(following)}
        else:
            url, asked = _same_server(asking.source, str(following)), {}


def _same_server(source: HttpSource, link: str) -> str:
    """The address of the next page. That of another server would get the token."""
    url = urljoin(source.url, link)
    if urlsplit(url)[:2] != urlsplit(source.url)[:2]:
        raise SourceUnavailable(f"{source.name}: {source.url} names a page of another server as the next: {link}")
    return url


def _size(pagination: Pagination) -> dict[str, str]:
    return {pagination.size_parameter: str(pagination.size)} if pagination.size else {}


def _digest(records: Records) -> str:
    return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()
