"""The shelf: every version of a dataset, by number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retail_assets.versions.manifest import read_manifest
from retail_assets.versions.version import Version

FOLDER = "_versions"


@dataclass(frozen=True)
class Shelf:
    """The versions of the dataset ``name`` in the lake at ``root``: a folder each, by number."""

    root: Path
    name: str

    @property
    def folder(self) -> Path:
        """Where the versions are."""
        return self.root / FOLDER / self.name

    def numbers(self) -> list[int]:
        """The numbers that are taken, in order."""
        names = (path.name for path in self.folder.iterdir()) if self.folder.is_dir() else iter(())
        return sorted(int(name) for name in names if re.fullmatch(r"[1-9]\d*", name, re.ASCII))

    def version(self, number: int) -> Version:
        """The version of this number.

        Raises:
            KeyError: there is none; the message says which there are.
            ValueError: its manifest is damaged; the message names it and the mend.
        """
        known = self.numbers()
        if number not in known:
            there_are = f"there are {known[0]} to {known[-1]}" if known else "publish one with `retail publish`"
            raise KeyError(f"there is no {self.name}:{number}; {there_are}")
        return read_manifest(self.folder / str(number))

    def find(self, reference: str) -> Version:
        """The version that ``3``, ``:3`` or ``retail_aggregates:3`` means.

        Raises:
            ValueError: it means none; the message says how to write it.
            KeyError: there is no such version.
        """
        found = re.fullmatch(rf"(?:(?:{re.escape(self.name)})?:)?([1-9]\d{{0,8}})", reference.strip(), re.ASCII)
        if not found:
            raise ValueError(f"{reference!r} names no version. Write 3, :3 or {self.name}:3.")
        return self.version(int(found[1]))

    def versions(self) -> Iterator[Version]:
        """Every version, the newest first, each read when it is asked for."""
        for number in reversed(self.numbers()):
            yield self.version(number)

    def survey(self) -> tuple[list[Version], dict[str, str]]:
        """Every version that can be read, in order; and what is wrong with the others, by reference."""
        readable: list[Version] = []
        damaged: dict[str, str] = {}
        for number in self.numbers():
            try:
                readable.append(self.version(number))
            except ValueError as error:
                damaged[f"{self.name}:{number}"] = str(error)
        return readable, damaged
