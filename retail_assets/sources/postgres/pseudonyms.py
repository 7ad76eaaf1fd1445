"""Pseudonyms: a keyed hash (HMAC-SHA-256) in place of personal data. Only who has the key can compute it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BLOCK = 64
"""Bytes of SHA-256's block."""


def take_key(connection: DuckDBPyConnection, key: str) -> None:
    """Let the connection compute pseudonyms. The key is bound, so no statement holds it."""
    secret = key.encode()
    if len(secret) > _BLOCK:
        secret = hashlib.sha256(secret).digest()
    padded = secret.ljust(_BLOCK, b"\0")
    pads = [bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C)]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE pseudonym_key AS SELECT ?::BLOB AS inner_pad, ?::BLOB AS outer_pad", pads
    )


def pseudonym(text: str) -> str:
    """The pseudonym of a text expression: alike for texts that differ in case or outer blanks only."""
    message = f"encode(lower(trim({text})))"
    inner = f"unhex(sha256((SELECT inner_pad FROM pseudonym_key) || {message}))"
    return f"sha256((SELECT outer_pad FROM pseudonym_key) || {inner})"


def mark_of(key: str) -> str:
    """What tells keys apart, as hard to guess from as any pseudonym."""
    return hmac.new(key.encode(), b"which key it is", hashlib.sha256).hexdigest()
