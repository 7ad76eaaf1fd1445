"""SHA-256 of many files at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_all(paths: Iterable[Path], threads: int) -> dict[Path, str]:
    """The SHA-256 of each file; a file that has several names, as versions share theirs, is read once."""
    names: dict[tuple[int, int], list[Path]] = {}
    for path in paths:
        state = path.stat()
        names.setdefault((state.st_dev, state.st_ino), []).append(path)
    with ThreadPoolExecutor(threads) as pool:
        hashes = pool.map(sha256_of, [same[0] for same in names.values()])
        return {path: found for same, found in zip(names.values(), hashes, strict=True) for path in same}
