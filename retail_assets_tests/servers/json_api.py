"""A JSON API on 127.0.0.1 for tests: pages of records, and every way in which real ones misbehave."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/records"


class Handler(BaseHTTPRequestHandler):
    """Answers by page, offset, cursor or link, as the request asks."""

    api: JsonApi

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.api.asked.append(query)
        if self.api.token and self.headers.get("Authorization") != f"Bearer {self.api.token}":
            return self.answer({"error": "token"}, 401)
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
        self.answer({"data": {"items": found[start : start + size]}, "next": following}, 200, links)

    def answer(self, content: Any, status: int, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def refusing(status: int, **headers: str) -> Fault:
    """Answer with a status and no content."""

    def fault(handler: Handler) -> bool:
        handler.answer({}, status, {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


def saying(content: Any) -> Fault:
    """Answer something else."""

    def fault(handler: Handler) -> bool:
        handler.answer(content, 200)
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
    body = b'{"data": {"items": [{"id": 1}'
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


@contextmanager
def json_api() -> Iterator[JsonApi]:
    """An API on a free port, until the end."""
    api = JsonApi()
    handler = type("OwnHandler", (Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    api.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
