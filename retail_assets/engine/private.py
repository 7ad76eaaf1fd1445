"""Private places: where a process keeps what nobody else shall see yet. Whoever comes next removes those of the dead.

A living process holds the lock of each of its folders and files, which the operating system releases however it dies.
Where a file system knows no such locks, nothing is removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from retail_assets.engine.full_disk import explained


@contextmanager
def private_folder(below: Path) -> Iterator[Path]:
    """A new folder below ``below``, removed afterwards.

    Raises:
        FullDisk: there was no room for what was written meanwhile.
    """
    with explained(below), _private_folder(below) as folder:
        yield folder


@contextmanager
def _private_folder(below: Path) -> Iterator[Path]:
    below.mkdir(parents=True, exist_ok=True)
    with _locked(below):  # nobody else looks for folders without a lock until this one has its own
        _remove_abandoned(path for path in below.iterdir() if path.is_dir())
        temporary = TemporaryDirectory(dir=below, ignore_cleanup_errors=True)
        folder = Path(temporary.name)
        descriptor = _lock(folder, fcntl.LOCK_EX)
    try:
        with temporary:
            yield folder
    finally:
        _unlock(descriptor)


@contextmanager
def private_file(folder: Path, name: str) -> Iterator[Path]:
    """A new hidden file in ``folder`` that is to become ``name`` there; removed afterwards, unless it was moved."""
    path = folder / f".{name}.{os.getpid()}.part"
    with explained(folder), _private_file(path, f".{escape(name)}.*.part"):
        yield path


@contextmanager
def _private_file(path: Path, pattern: str) -> Iterator[None]:
    with _locked(path.parent):
        _remove_abandoned(path.parent.glob(pattern))
        path.touch()
        descriptor = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        _unlock(descriptor)


def _remove_abandoned(paths: Iterable[Path]) -> None:
    for path in list(paths):
        descriptor = _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if descriptor is None:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        _unlock(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _lock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        _unlock(descriptor)


def _lock(path: Path, operation: int) -> int | None:
    """The descriptor that holds the lock; None where it is not to be had, or the place is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
