"""A JSON API on 127.0.0.1 for tests: pages of records, and every way in which real ones misbehave."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from retail_assets_tests.servers.answering import QuietHandler, serving

Fault = Callable[["Handler"], bool]
"""Misbehaves in the place of an answer; False where the true answer shall follow."""


@dataclass
class JsonApi:
    """What the API knows, what it does wrong next, and what it was asked."""

    records: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    token: str = ""
    faults: deque[Fault | None] = field(default_factory=deque)
    """One a request, in order; None for an honest answer."""
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


class Handler(QuietHandler):
    """Answers by page, offset, cursor or link, as the request asks."""

    api: JsonApi

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.api.asked.append(query)
        if self.api.token and self.headers.get("Authorization") != f"Bearer {self.api.token}":
            return self.say({"error": "token"}, 401)
        fault = self.api.faults.popleft() if self.api.faults else None
        if fault and fault(self):
            return None
        return self.page(query)

    def page(self, query: dict[str, str]) -> None:
        found = [item for item in self.api.records if item.get("updated", "") >= query.get("since", "")]
        size = int(query.get("limit", self.api.page_size))
        if "page" in query:
            start = (int(query["page"]) - 1) * size
        else:
            start = int(query.get("offset", query.get("cursor", query.get("at", 0))))
        following = start + size if start + size < len(found) else None
        links = {"Link": f'</records?at={following}>; rel="next"'} if following else {}
        self.say({"data": {"items": found[start : start + size]}, "next": following}, 200, links)

    def say(self, content: Any, status: int, headers: dict[str, str] | None = None) -> None:
        self.answer(json.dumps(content).encode(), status, headers)


def refusing(status: int, **headers: str) -> Fault:
    """Answer with a status and no content."""

    def fault(handler: Handler) -> bool:
        handler.say({}, status, {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


def saying(content: Any) -> Fault:
    """Answer something else."""

    def fault(handler: Handler) -> bool:
        handler.say(content, 200)
        return True

    return fault


def hanging_up(handler: Handler) -> bool:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.close()
    return True


def cutting_off(handler: Handler) -> bool:
    """Promise more bytes than there are."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": {"items": [{"id": ')
    handler.close_connection = True
    return True


def cutting_json(handler: Handler) -> bool:
    """Send a part of the JSON as if it were all."""
    handler.answer(b'{"data": {"items": [{"id": 1}')
    return True


@contextmanager
def json_api() -> Iterator[JsonApi]:
    """An API on a free port, until the end."""
    api = JsonApi()
    handler = type("OwnHandler", (Handler,), {"api": api})
    with serving(handler) as address:
        api.url = f"{address}/records"
        yield api
