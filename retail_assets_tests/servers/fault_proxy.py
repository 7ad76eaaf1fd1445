"""A fault proxy: what goes wrong between a client and an S3 server, on purpose and counted.

Each request has a connection of its own, to the proxy and on to the server. A faulty one is answered 503 or 500, reset
before the server saw it or after it had done its work, left without an answer, or answered in half.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

FAULTS = ("slow_down", "internal_error", "reset", "lost_answer", "truncated", "stall")
REFUSALS = {"slow_down": ("503 Slow Down", "SlowDown"), "internal_error": ("500 Internal Error", "InternalError")}
CHUNK = 65536
NO_LINGER = struct.pack("ii", 1, 0)
"""Closing then sends RST instead of FIN."""


@dataclass
class FaultProxy:
    """Passes requests on to ``upstream``, some of them with a fault.

    ``share`` of the requests fail, but of one object never more than ``in_a_row`` at a time: a client that tries once
    more gets through. While ``is_down`` every connection is reset.
    """

    upstream: str
    share: float = 0.0
    in_a_row: int = 3
    weights: tuple[int, ...] = (9, 9, 9, 9, 9, 1)
    """Of the faults, in their order: a stall costs a client's whole time-out."""
    stall_seconds: float = 4.0
    tls: ssl.SSLContext | None = None
    """Spoken to clients, not to the server."""
    is_down: bool = False
    denied: frozenset[str] = frozenset()
    """Methods that are refused, as by a policy that does not allow them."""
    faults: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    hears: Callable[[str], object] = field(default=lambda _: None, repr=False)
    """Called with the head of each request, as the server gets it."""
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    port: int = 0
    _rows: Counter[str] = field(default_factory=Counter, repr=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    @property
    def endpoint(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[FaultProxy]:
        """Answer on a free port of 127.0.0.1, in a thread of its own."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20, ssl=self.tls))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)  # the loop itself would let a task go that waits for its client
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if self.is_down:
                    _reset(writer)
                else:
                    await self._answer(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if "expect: 100-continue" in head.lower():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.hears(head)
        body = await _body(reader, head)
        fault = self._fault(head.partition(" HTTP/")[0])
        if head.partition(" ")[0] in self.denied:
            writer.write(_refusal("403 Forbidden", "AccessDenied"))
        elif fault in REFUSALS:
            writer.write(_refusal(*REFUSALS[fault]))
        elif fault == "reset":
            _reset(writer)
        elif fault == "stall":
            await asyncio.sleep(self.stall_seconds)
        else:
            await self._pass_on(head, body, writer, fault)
        await writer.drain()

    def _fault(self, request: str) -> str:
        """The fault that befalls this request, or none."""
        self.requests += 1
        target = request.partition("?")[0]
        if self._rows[target] >= self.in_a_row or self.chance.random() >= self.share:
            self._rows[target] = 0
            return ""
        self._rows[target] += 1
        (fault,) = self.chance.choices(FAULTS, self.weights)
        self.faults[fault] += 1
        return fault

    async def _pass_on(self, head: str, body: bytes, writer: asyncio.StreamWriter, fault: str) -> None:
        upstream = urlsplit(self.upstream)
        answers, requests = await asyncio.open_connection(upstream.hostname, upstream.port)
        try:
            await self._exchange(answers, requests, head, body, writer, fault)
        finally:
            requests.close()

    async def _exchange(
        self,
        answers: asyncio.StreamReader,
        requests: asyncio.StreamWriter,
        head: str,
        body: bytes,
        writer: asyncio.StreamWriter,
        fault: str,
    ) -> None:
        kept = re.sub(r"(?im)^(expect|connection):.*\r\n", "", head)
        requests.write(kept.removesuffix("\r\n").encode("latin-1") + b"Connection: close\r\n\r\n" + body)
        await requests.drain()
        if fault:
            answer = await answers.read()
            writer.write(answer[: len(answer) // 2] if fault == "truncated" else b"")
            await writer.drain()
            _reset(writer)
        else:
            while part := await answers.read(CHUNK):
                writer.write(part)
                await writer.drain()


async def _body(reader: asyncio.StreamReader, head: str) -> bytes:
    """The bytes of a request's body as they come: over TLS, clients send it in chunks."""
    if length := re.search(r"(?im)^content-length: *(\d+)", head):
        return await reader.readexactly(int(length[1]))
    if not re.search(r"(?im)^transfer-encoding: *chunked", head):
        return b""
    parts = list[bytes]()
    while parts[-1:] != [b"\r\n"]:  # an empty line ends it, after the last chunk and the trailer
        parts.append(await reader.readuntil(b"\r\n"))
        size = re.fullmatch(rb"([0-9a-fA-F]+)\r\n", parts[-1])
        if size and int(size[1], 16):
            parts.append(await reader.readexactly(int(size[1], 16)) + await reader.readexactly(2))
            parts.append(b"")
    return b"".join(parts)


def _refusal(status: str, code: str) -> bytes:
    body = f"<Error><Code>{code}</Code><Message>On purpose.</Message></Error>"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body}".encode()


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


async def _end(server: asyncio.Server) -> None:
    server.close()
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # connections close in the next rounds
