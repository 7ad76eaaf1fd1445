"""The private copy of the warehouse file, whatever the file system can do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from retail_assets.warehouse.copying import copy_file

CONTENT = os.urandom(3_000_001)


def _refuse(*_: object) -> int:
    raise OSError(errno.EXDEV, "no such thing here")


def _copy_some(reading: int, writing: int, count: int) -> int:
    return os.write(writing, os.read(reading, min(count, 100_000)))


def _copy_nothing(reading: int, writing: int, count: int) -> int:
    return 0


@pytest.mark.parametrize("kernel", [None, _refuse, _copy_some, _copy_nothing])
def test_the_copy_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: Callable[..., int] | None) -> None:
    if kernel:
        monkeypatch.setattr("retail_assets.warehouse.copying.os.copy_file_range", kernel, raising=False)
    (tmp_path / "one").write_bytes(CONTENT)

    copy_file(tmp_path / "one", tmp_path / "two")

    assert (tmp_path / "two").read_bytes() == CONTENT


def test_copies_are_independent(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    copy_file(tmp_path / "one", tmp_path / "two")

    (tmp_path / "two").write_bytes(b"new")

    assert (tmp_path / "one").read_bytes() == b"old"
