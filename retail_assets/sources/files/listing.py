"""Which files a source has now, in its folders and below its prefixes on S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.landing.arrival import HIDDEN, Arrival
from retail_assets.landing.fetching import fetch
from retail_assets.landing.listing import Found, listed
from retail_assets.settings import Settings
from retail_assets.sources.declared.configuration import SUFFIXES, FileFormat, FileOptions
from retail_assets.sources.declared.errors import SourceUnavailable

TEMPORARY = (".part", ".tmp", ".partial", ".crdownload", "~")
"""Endings of files that are still being written."""


def files_of(settings: Settings, base: Path, locations: list[str], options: FileOptions) -> list[Arrival]:
    """The source's files, by name; hidden, temporary and other files are left alone.

    Relative locations are below ``base``. A file is known by its path as its location says it, or its URL on S3.

    Raises:
        SourceUnavailable: a folder is not there.
        S3Error: a prefix cannot be listed.
    """
    found = [arrival for location in locations for arrival in _at(settings, base, location)]
    wanted = [arrival for arrival in found if _is_wanted(arrival.name, options)]
    if options.take == "latest":
        return sorted(wanted, key=lambda arrival: _base_name(arrival.name))[-1:]
    return sorted(wanted, key=lambda arrival: arrival.name)


def fetched(settings: Settings, arrival: Arrival, folder: Path) -> Arrival:
    """The file on this machine: as it is, or copied below ``folder``.

    Raises:
        FileChanged: it is another by now.
        BlockedFile: it may not be read.
    """
    if not is_s3(arrival.location):
        return arrival
    return fetch(S3(settings.s3), arrival, folder / "received")


def form_of(name: str, options: FileOptions) -> FileFormat | None:
    """How the file is written, as declared or by the ending of its name; None where neither says."""
    if options.format:
        return options.format
    return next((form for suffix, form in SUFFIXES.items() if name.lower().endswith(suffix)), None)


def _at(settings: Settings, base: Path, location: str) -> Iterator[Arrival]:
    if is_s3(location):
        place = S3Location.of(location)
        yield from listed(S3(settings.s3), place, lambda found: _on_s3(place, found)).values()
        return
    folder = base / Path(location).expanduser()
    if not folder.is_dir():
        raise SourceUnavailable(f"there is no folder {folder}: make it, or correct location in sources.yaml")
    yield from _below(str(folder), location.rstrip("/"))


def _below(folder: str, known_as: str) -> Iterator[Arrival]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, f"{known_as}/{entry.name}")
            elif entry.is_file():
                with suppress(FileNotFoundError):  # gone since the folder was read
                    state = entry.stat()
                    yield Arrival(f"{known_as}/{entry.name}", entry.path, state.st_size, state.st_mtime_ns)


def _on_s3(place: S3Location, found: Found) -> Arrival | None:
    path = found.key[len(place.below) :]
    if path.startswith(HIDDEN) or "/." in path or "/_" in path or path.endswith("/"):
        return None
    location = f"s3://{place.bucket}/{found.key}"
    return Arrival(location, location, found.bytes, found.mtime_ns, found.etag)


def _is_wanted(name: str, options: FileOptions) -> bool:
    is_whole = not name.lower().endswith(TEMPORARY)
    return is_whole and fnmatchcase(_base_name(name), options.pattern) and form_of(name, options) is not None


def _base_name(name: str) -> str:
    return name.rpartition("/")[2]
