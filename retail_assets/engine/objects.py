"""Small named objects, each written whole or not at all and never changed: in a folder or on S3."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import uuid4

from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import ABSENT, S3


class Listed(NamedTuple):
    """An object's name and a stamp that another object of the same name would not have."""

    name: str
    stamp: str


class Objects(Protocol):
    """A flat collection of objects. Names are listed in order; those that begin with a dot are nobody's."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    def listed(self) -> list[Listed]:
        """Every object."""

    def read(self, name: str) -> bytes:
        """The content; FileNotFoundError where there is none of that name."""

    def create(self, name: str, content: bytes) -> None:
        """Write an object in one atomic step; FileExistsError where one of that name is there already."""

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""

    def sweep(self) -> None:
        """Remove what dead processes left behind. Only while nobody else writes."""


@dataclass(frozen=True)
class FolderObjects:
    """Objects as the files of a folder."""

    folder: Path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def listed(self) -> list[Listed]:
        """The files that are not hidden, by name."""
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            shown = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
            return [Listed(entry.name, _stamp(entry.stat())) for entry in shown]

    def read(self, name: str) -> bytes:
        """The file's bytes."""
        return (self.folder / name).read_bytes()

    def create(self, name: str, content: bytes) -> None:
        """Write beside, make it durable, then give it its name: a link fails where the name is taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{name}.{uuid4().hex}"
        try:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(temporary, self.folder / name)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Unlink the file."""
        (self.folder / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove hidden files, which are those of writers that died."""
        for path in self.folder.glob(".*"):
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class S3Objects:
    """Objects right below a place on S3. S3 itself refuses to create a key that is there."""

    s3: S3
    below: S3Location

    @property
    def place(self) -> str:
        """The prefix as a URL."""
        return f"{self.below}/"

    def listed(self) -> list[Listed]:
        """The objects, by name."""
        found = self.s3.listed(self.below)
        named = (Listed(place.key.removeprefix(self.below.below), etag) for place, etag, _ in found)
        return sorted(item for item in named if not item.name.startswith(".") and "/" not in item.name)

    def read(self, name: str) -> bytes:
        """GET the object."""
        try:
            found = self.s3.read(self.below / name)
        except ObjectMissing as error:
            raise FileNotFoundError(2, "no such object", f"{self.below / name}") from error
        return found.content if found else b""

    def create(self, name: str, content: bytes) -> None:
        """PUT it under the condition that there is none; the same content is ours, of an attempt that went unheard."""
        try:
            self.s3.put(self.below / name, content, ABSENT)
        except ObjectChanged as error:
            raise FileExistsError(17, "object exists", f"{self.below / name}") from error

    def remove(self, name: str) -> None:
        """DELETE it, which S3 grants whether it is there or not."""
        self.s3.remove(self.below / name)

    def sweep(self) -> None:
        """Nothing: a PUT that was cut off leaves nothing behind."""


def _stamp(state: os.stat_result) -> str:
    return f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"
