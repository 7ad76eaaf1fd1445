"""The gate of a source's files: every byte checked, text as plain UTF-8 with commas, whatever it came as.

Another delimiter changes places with the comma, byte for byte, so that one reader serves all; values change back when
they are read.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from retail_assets.landing.arrival import Arrival, require_unchanged
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.census import Census
from retail_assets.landing.gate import check_parquet, refuse_binary
from retail_assets.landing.streams import GZIP_MAGIC, PARQUET_MAGIC, as_utf8, chunks_of, decompressed
from retail_assets.sources.declared.configuration import FileFormat

COMMA = ","
READABLE = "CSV, TSV or JSON Lines, plain or gzipped, or Parquet"


@dataclass(frozen=True)
class Unpacked:
    """A file that passed the gate: where its text or its Parquet is, and the SHA-256 of its bytes."""

    name: str
    path: Path
    sha256: str
    census: Census | None
    """Of a text."""


def unpack(arrival: Arrival, form: FileFormat, encoding: str, delimiter: str, folder: Path) -> Unpacked:
    """Check a file from its first byte to its last; ``folder`` takes its text.

    Raises:
        BlockedFile: it cannot be read without guessing.
        FileChanged: it is still being written.
    """
    digest, text = hashlib.sha256(), folder / "text"
    with arrival.path.open("rb", buffering=0) as stream:
        require_unchanged(arrival, os.fstat(stream.fileno()))
        chunks = chunks_of(stream, digest)
        first = next(chunks, b"")
        content = chain((first,), chunks)
        if form == "parquet":
            check_parquet(arrival, content)
            path, census = arrival.path, None
        else:
            census = _unpack_text(arrival.name, content, first, encoding, delimiter if form == "csv" else COMMA, text)
            path = text
    require_unchanged(arrival)
    return Unpacked(arrival.name, path, digest.hexdigest(), census)


def _unpack_text(
    name: str, content: Iterator[bytes], first: bytes, encoding: str, delimiter: str, target: Path
) -> Census:
    if first.startswith(PARQUET_MAGIC):
        mend = "Declare `format: parquet`, or give it that ending."
        raise BlockedFile("unsupported_format", name, "it is Parquet, whatever its name says", mend)
    pieces: Iterable[bytes] = decompressed(content, name) if first.startswith(GZIP_MAGIC) else content
    pieces = _in_utf8(name, pieces, encoding)
    if delimiter != COMMA:
        swap = bytes.maketrans(f"{delimiter},".encode(), f",{delimiter}".encode())
        pieces = (piece.translate(swap) for piece in pieces)
    census = Census(name)
    with target.open("wb") as copy:
        for piece in pieces:
            if piece:
                census.add(piece)
                copy.write(piece)
    return census.close()


def _in_utf8(name: str, pieces: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    found = iter(pieces)
    start = next((piece for piece in found if piece), b"")
    if start.startswith(codecs.BOM_UTF8):
        return chain((start.removeprefix(codecs.BOM_UTF8),), found)
    if codecs.lookup(encoding).name not in ("utf-8", "ascii"):
        return as_utf8(chain((start,), found), encoding, name)
    refuse_binary(name, start, READABLE)
    return chain((start,), found)
