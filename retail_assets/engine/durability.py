"""Files that outlive a power cut. A process that dies needs none of this: the operating system keeps what it wrote."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from retail_assets.engine.parallel import at_once

TOGETHER = 8
"""A disk confirms several files in hardly more time than one."""


def make_durable(paths: Collection[Path]) -> None:
    """Wait until the disk holds the contents of the files, so that what is written next may rely on them."""
    at_once(_confirm, paths, TOGETHER)


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one atomic step, durably. For one writer at a time."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        _confirm(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _confirm(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
