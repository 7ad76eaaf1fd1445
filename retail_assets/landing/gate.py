"""The integrity gate: one pass over a file's bytes before any row is read.

The same pass computes the file's SHA-256, checks the compression to its end, the encoding and the form that the first
bytes give away, and takes the census that decides how the text is read. Compressed or differently encoded text is
written as plain UTF-8 beside, so that nothing is decompressed twice and nobody can change it in between.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from retail_assets.landing.arrival import Arrival, require_unchanged
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.census import Census
from retail_assets.landing.streams import DECLARE_ENCODING, GZIP_MAGIC, PARQUET_MAGIC, as_utf8, chunks_of, decompressed

TEXT_NAME = "text.csv"
Sink = Callable[[bytes], object]
_WIDE_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\0\0\xfe\xff": "UTF-32"}
_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


@dataclass(frozen=True)
class Inspected:
    """A file that passed the gate: where its text or its Parquet is, what it holds, and what is odd about it."""

    name: str
    sha256: str
    path: Path
    census: Census | None
    notes: dict[str, str] = field(default_factory=dict)
    """Oddities worth a warning, by code."""


def inspect_file(
    arrival: Arrival, folder: Path, encoding: str, sink: Sink | None = None, tell: Callable[[int], None] | None = None
) -> Inspected:
    """Check a file from its first byte to its last; ``folder`` takes its text where that must be unpacked.

    With a ``sink``, that gets the text instead, piece by piece. ``tell`` gets
    the number of bytes of every piece that was read.

    Raises:
        BlockedFile: it cannot be read without guessing.
        FileChanged: it is still being written.
    """
    digest = hashlib.sha256()
    with arrival.path.open("rb", buffering=0) as stream:
        require_unchanged(arrival, os.fstat(stream.fileno()))
        chunks = chunks_of(stream, digest, tell)
        first = next(chunks, b"")
        content = chain((first,), chunks)
        path, census = _contents(arrival, content, first, folder, encoding, sink)
    require_unchanged(arrival)
    return Inspected(arrival.name, digest.hexdigest(), path, census, _misnamed(arrival.name, first))


def _contents(
    arrival: Arrival, content: Iterator[bytes], first: bytes, folder: Path, encoding: str, sink: Sink | None
) -> tuple[Path, Census | None]:
    """Check all bytes; returns where the reader finds them, and the census of a text."""
    if first.startswith(PARQUET_MAGIC) or arrival.name.lower().endswith(".parquet"):
        check_parquet(arrival, content)
        return arrival.path, None
    return _text(arrival, content, first, folder, encoding, sink)


def check_parquet(arrival: Arrival, content: Iterable[bytes]) -> None:
    """Read all bytes for their digest; the magic bytes must stand at both ends.

    Raises:
        BlockedFile: ``corrupt_parquet``.
    """
    head = tail = b""
    for chunk in content:
        head = head or chunk[:4]
        tail = (tail + chunk)[-4:]
    if head != PARQUET_MAGIC or tail != PARQUET_MAGIC or arrival.bytes < 12:
        cause = "it is no Parquet file" if head != PARQUET_MAGIC else "its footer is missing: it was cut off"
        raise BlockedFile("corrupt_parquet", arrival.name, cause, "Nothing of it was read. Deliver it again.")


def _text(
    arrival: Arrival, content: Iterator[bytes], first: bytes, folder: Path, encoding: str, sink: Sink | None
) -> tuple[Path, Census]:
    """Take the census of a CSV file's text; returns where that text stands as UTF-8."""
    name, path = arrival.name, arrival.path
    is_packed = first.startswith(GZIP_MAGIC)
    text = decompressed(content, name) if is_packed else content
    start = next((chunk for chunk in text if chunk), b"")
    text = chain((start,), text) if start else text
    declared = codecs.lookup(encoding).name
    if declared not in ("utf-8", "ascii") and not start.startswith(codecs.BOM_UTF8):
        text, is_packed = as_utf8(text, encoding, name), True
    else:
        refuse_binary(name, start, "plain CSV, CSV.GZ or Parquet")
    with ExitStack() as stack:
        if is_packed and not sink:
            copy = stack.enter_context((folder / TEXT_NAME).open("wb"))
            sink = copy.write
        census = _count(Census(name), text, sink)
    return (folder / TEXT_NAME if is_packed else path), census


def _count(census: Census, text: Iterable[bytes], sink: Sink | None) -> Census:
    for chunk in text:
        if chunk:
            census.add(chunk)
            if sink:
                sink(chunk)
    return census.close()


def refuse_binary(name: str, start: bytes, readable: str) -> None:
    """Refuse what the first bytes of a text show to be none; ``readable`` is what may be delivered instead.

    Raises:
        BlockedFile: ``encoding`` or ``unsupported_format``.
    """
    for magic, kind in _WIDE_ENCODINGS.items():
        if start.startswith(magic):
            mend = f"Convert it to UTF-8, or {DECLARE_ENCODING}."
            raise BlockedFile("encoding", name, f"it is {kind}, not UTF-8", mend)
    for magic, kind in _ARCHIVES.items():
        if start.startswith(magic):
            mend = f"Unpack it and deliver {readable}."
            raise BlockedFile("unsupported_format", name, f"it is {kind}, whatever its name says", mend)


def _misnamed(name: str, first: bytes) -> dict[str, str]:
    form = ".csv.gz" if first.startswith(GZIP_MAGIC) else ".parquet" if first.startswith(PARQUET_MAGIC) else ".csv"
    if name.lower().endswith(form):
        return {}
    kind = {".csv.gz": "gzip", ".parquet": "Parquet", ".csv": "plain text"}[form]
    return {"misnamed": f"it is {kind}, which its name does not say; it was read as what it is"}
