"""SHA-256 of many files at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from retail_assets.engine.identity import sha256_of
from retail_assets.engine.parallel import at_once


def sha256_of_all(paths: Iterable[Path], threads: int) -> dict[Path, str]:
    """The SHA-256 of each file; a file that has several names, as versions share theirs, is read once."""
    names: dict[tuple[int, int], list[Path]] = {}
    for path in paths:
        state = path.stat()
        names.setdefault((state.st_dev, state.st_ino), []).append(path)
    hashes = at_once(lambda same: sha256_of(same[0]), names.values(), threads)
    return {path: found for same, found in zip(names.values(), hashes, strict=True) for path in same}
