"""Are a version's files still what its manifest says?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retail_assets.versions.hashing import sha256_of_all
from retail_assets.versions.manifest import MANIFEST_NAME
from retail_assets.versions.version import Version


@dataclass(frozen=True)
class Damage:
    """What is wrong with a file of a version."""

    version: str
    path: str
    problem: str


def verify(versions: Iterable[Version], threads: int = 1) -> list[Damage]:
    """Hash every file of these versions; names those that are missing, changed, or not in the manifest."""
    chosen = list(versions)
    paths = [version.folder / file.path for version in chosen for file in version.files]
    hashes = sha256_of_all((path for path in paths if path.is_file()), threads)
    found: list[Damage] = []
    for version in chosen:
        for file in version.files:
            now = hashes.get(version.folder / file.path)
            if now is None:
                found.append(Damage(version.reference, file.path, "missing"))
            elif now != file.sha256:
                found.append(Damage(version.reference, file.path, f"changed: SHA-256 {now} instead of {file.sha256}"))
        found.extend(Damage(version.reference, path, "not of the version") for path in _strangers(version))
    return found


def _strangers(version: Version) -> Iterator[str]:
    """Files in the folder that the manifest does not name: readers of the plain folder would take them in."""
    known = {file.path for file in version.files} | {MANIFEST_NAME}
    for path in sorted(version.folder.rglob("*")):
        name = path.relative_to(version.folder).as_posix()
        if not path.is_dir() and name not in known:
            yield name
