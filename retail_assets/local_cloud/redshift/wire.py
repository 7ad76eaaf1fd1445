"""PostgreSQL's wire protocol, version 3, as far as one must look into its messages."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL = 196608
LONGEST_START = 10_000
INTEGER = struct.Struct("!i")
SHORT = struct.Struct("!h")


@dataclass(frozen=True)
class Message:
    """One message: the letter that says what it is, and its body."""

    kind: bytes
    body: bytes

    def encoded(self) -> bytes:
        """The message as it goes over the wire."""
        return self.kind + INTEGER.pack(len(self.body) + 4) + self.body

    @property
    def text(self) -> str:
        """The body as one text: of a query, or the tag of a command."""
        return self.body.rstrip(b"\0").decode("utf-8")


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message; IncompleteReadError at the end of the connection."""
    head = await reader.readexactly(5)
    (length,) = INTEGER.unpack(head[1:])
    return Message(head[:1], await reader.readexactly(length - 4))


async def read_start(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The code and body of the first message, which has no letter."""
    (length,) = INTEGER.unpack(await reader.readexactly(4))
    if not 8 <= length <= LONGEST_START:
        raise asyncio.IncompleteReadError(b"", None)
    body = await reader.readexactly(length - 4)
    (code,) = INTEGER.unpack(body[:4])
    return code, body[4:]


def start_message(code: int, content: dict[str, str] | bytes) -> bytes:
    """The first message of a connection: a session's parameters, or whose statement to cancel."""
    if isinstance(content, dict):
        content = b"".join(f"{name}\0{value}\0".encode() for name, value in content.items()) + b"\0"
    return INTEGER.pack(len(content) + 8) + INTEGER.pack(code) + content


def start_parameters(body: bytes) -> dict[str, str]:
    """The parameters of a session's first message."""
    texts = body.rstrip(b"\0").decode("utf-8").split("\0")
    return dict(zip(texts[::2], texts[1::2], strict=False))


def query(sql: str) -> Message:
    """A statement to run at once."""
    return Message(b"Q", sql.encode() + b"\0")


def notice(text: str) -> Message:
    """Something for people."""
    return Message(b"N", b"SINFO\0C00000\0M" + text.encode() + b"\0\0")


def failure(text: str, code: str = "XX000") -> Message:
    """An error, with its SQLSTATE."""
    return Message(b"E", f"SERROR\0VERROR\0C{code}\0M{text}\0\0".encode())


def row_values(message: Message) -> tuple[str | None, ...]:
    """The values of a data row, as text."""
    return tuple(_values(message.body))


def error_fields(message: Message) -> dict[str, str]:
    """The fields of an error, by their letters: M is the message, C the code, D the detail."""
    parts = message.body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in parts if part}


@dataclass(frozen=True)
class Field:
    """A column of a result: its name, the number of its type, and that type's modifier."""

    name: str
    type: int
    modifier: int


def fields(message: Message) -> list[Field]:
    """The columns that a row description announces."""
    (count,) = SHORT.unpack(message.body[:2])
    found, at = [], 2
    for _ in range(count):
        end = message.body.index(b"\0", at)
        _, _, kind, _, modifier, _ = struct.unpack_from("!ihihih", message.body, end + 1)
        found.append(Field(message.body[at:end].decode(), kind, modifier))
        at = end + 19
    return found


def _values(body: bytes) -> Iterator[str | None]:
    (count,) = SHORT.unpack(body[:2])
    at = 2
    for _ in range(count):
        (length,) = INTEGER.unpack(body[at : at + 4])
        at += 4
        if length < 0:
            yield None
        else:
            yield body[at : at + length].decode("utf-8")
            at += length
