"""The bytes of an incoming file, as they stream by: hashed, decompressed with every check that gzip has, as UTF-8."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol

from retail_assets.landing.blocked import BlockedFile

CHUNK = 512 * 1024
GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
DECLARE_ENCODING = (
    "declare what it is: by RETAIL_SOURCE_ENCODING, for a source of RETAIL_SOURCES by its `source_encoding`, "
    "for one in sources.yaml by its `encoding`"
)
_GZIP_ONLY = 16 + zlib.MAX_WBITS
_MOST_AT_ONCE = 8 * 1024 * 1024


class Digest(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""


def chunks_of(
    stream: IO[bytes], digest: Digest | None = None, tell: Callable[[int], None] | None = None
) -> Iterator[bytes]:
    """The stream piece by piece; ``digest`` sees every piece, ``tell`` its size."""
    while chunk := stream.read(CHUNK):
        if digest:
            digest.update(chunk)
        if tell:
            tell(len(chunk))
        yield chunk


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The contents of all members of a gzip stream, each checked to its end: length and CRC.

    Raises:
        BlockedFile: ``corrupt_gzip``.
    """
    member = zlib.decompressobj(_GZIP_ONLY)
    try:
        for chunk in chunks:
            left = chunk
            while left:
                if member.eof:  # another member follows, or zeros that fill up a block of a tape or disk
                    left = left.lstrip(b"\0")
                    if not left:
                        break
                    member = zlib.decompressobj(_GZIP_ONLY)
                yield member.decompress(left, _MOST_AT_ONCE)
                left = member.unused_data if member.eof else member.unconsumed_tail
        if not member.eof:
            yield member.flush()
    except zlib.error as error:
        raise _corrupt(name, f"its gzip data are damaged ({error})") from error
    if not member.eof:
        raise _corrupt(name, "it ends before its gzip data do")


def as_utf8(chunks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Text of a declared encoding as UTF-8.

    Raises:
        BlockedFile: ``encoding``, where the text is not what the setting declares.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        mend = f"Convert it to UTF-8, or {DECLARE_ENCODING}."
        raise BlockedFile("encoding", name, f"it is not {encoding}, as the settings say ({error})", mend) from error


def starts_with(path: Path, magic: bytes) -> bool:
    """Whether the file's first bytes are these."""
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _corrupt(name: str, cause: str) -> BlockedFile:
    return BlockedFile("corrupt_gzip", name, cause, "Nothing of it was read. Deliver it again.")
