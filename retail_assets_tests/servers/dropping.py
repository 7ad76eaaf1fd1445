"""A line between a client and PostgreSQL, or its stand-ins, that breaks at a chosen statement. Without TLS."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

START = 196608
Moment = Literal["before", "after"]


@dataclass
class DroppingLine:
    """Listens on ``port``. It breaks before or after the statement of that number was run, counted from 1."""

    target: int
    port: int = 0
    drop_at: int | None = None
    moment: Moment = "before"
    statements: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Count from 1 again, and break no more."""
        self.statements.clear()
        self.drop_at = None

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = threading.Thread(target=self._pass_answers, args=(server, client), daemon=True)
            self._pass_start(client, server)
            answers.start()
            with suppress(OSError, EOFError):
                while True:
                    self._pass_request(client, server)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _pass_start(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            length, code = struct.unpack("!ii", _exactly(client, 8))
            if code == START:
                server.sendall(struct.pack("!ii", length, code) + _exactly(client, length - 8))
                return
            client.sendall(b"N")  # neither TLS nor GSS

    def _pass_request(self, client: socket.socket, server: socket.socket) -> None:
        head = _exactly(client, 5)
        body = _exactly(client, struct.unpack("!i", head[1:])[0] - 4)
        if head[:1] == b"Q":
            self.statements.append(body.rstrip(b"\0").decode())
            if len(self.statements) == self.drop_at and self.moment == "before":
                raise EOFError
        server.sendall(head + body)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError, EOFError):
            while True:
                head = _exactly(server, 5)
                body = _exactly(server, struct.unpack("!i", head[1:])[0] - 4)
                if self.moment == "after" and self.drop_at is not None and len(self.statements) == self.drop_at:
                    if head[:1] == b"Z":
                        break  # it was run, and its client will never know
                    continue
                client.sendall(head + body)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def dropping_line(target: int) -> Iterator[DroppingLine]:
    """A line to that port of 127.0.0.1, from start to end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = DroppingLine(target, listening.getsockname()[1])

        def listen() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=line._serve, args=(client,), daemon=True).start()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield line
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listener.join()


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found
