"""A tree of files for other people's tools, in a folder or on S3: each replaced in one step, changed ones only.

``_files.json`` at its root names what lies there and what it was made from. Files are replaced one by one: a reader of
several may see the old one of some and the new one of others until all are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from retail_assets.engine.durability import write_whole
from retail_assets.engine.identity import sha256_of
from retail_assets.engine.lease import Lease, written_alone
from retail_assets.engine.locking import exclusive
from retail_assets.engine.parallel import at_once
from retail_assets.engine.s3_errors import ObjectMissing
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.settings import S3Settings

LISTING, LEASE = "_files.json", "_writing.json"


@dataclass(frozen=True)
class Listing:
    """What a tree holds: the SHA-256 of each file by its path below the root, and what all were made from."""

    files: Mapping[str, str]
    made_from: str = ""


class Tree(Protocol):
    """Where the files are."""

    def writing(self, local: Path, purpose: str) -> AbstractContextManager[None]:
        """The right to change them, which one run has at a time; waits for it. ``local`` is this machine's own."""

    def listing(self) -> Listing:
        """What lies there; nothing where there is no tree yet."""

    def put(self, name: str, file: Path, sha256: str) -> None:
        """Replace one file in one step; ``file`` may be moved."""

    def remove(self, name: str) -> None:
        """Remove one file, where it is."""

    def note(self, listing: Listing) -> None:
        """Replace the listing in one step."""


@dataclass(frozen=True)
class FolderTree:
    """A tree in a folder."""

    root: Path

    def writing(self, local: Path, purpose: str) -> AbstractContextManager[None]:
        """The right to change them, among the processes of this machine."""
        return exclusive(local / ".lock", purpose)

    def listing(self) -> Listing:
        """What lies there; nothing where there is no tree yet."""
        try:
            held = _read((self.root / LISTING).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Listing({})
        return Listing({name: sha for name, sha in held.files.items() if (self.root / name).exists()}, held.made_from)

    def put(self, name: str, file: Path, sha256: str) -> None:
        """Move a file of the same disk into place."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)

    def remove(self, name: str) -> None:
        """Remove one file, and its folders where they are empty now."""
        target = self.root / name
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == self.root:
                break
            with suppress(FileNotFoundError):  # who removed the file before may have died over its folders
                if any(folder.iterdir()):
                    break
                folder.rmdir()

    def note(self, listing: Listing) -> None:
        """Replace the listing in one step."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self.root / LISTING, _text(listing))


@dataclass(frozen=True)
class S3Tree:
    """A tree on S3."""

    root: S3Location
    s3: S3
    _leases: list[Lease] = field(default_factory=list, compare=False, repr=False)

    @contextmanager
    def writing(self, local: Path, purpose: str) -> Iterator[None]:
        """The right to change them: of the processes of this machine, then of all machines."""
        with written_alone(self.s3, self.root / LEASE, local / ".lock", purpose) as lease:
            self._leases.append(lease)
            try:
                yield
            finally:
                self._leases.remove(lease)

    def listing(self) -> Listing:
        """What lies there; nothing where there is no tree yet."""
        try:
            found = self.s3.read(self.root / LISTING)
        except ObjectMissing:
            return Listing({})
        return _read(found.content.decode()) if found else Listing({})

    def put(self, name: str, file: Path, sha256: str) -> None:
        """Replace one object."""
        self._confirm()
        self.s3.put_file(self.root / name, file, sha256)

    def remove(self, name: str) -> None:
        """Remove one object."""
        self._confirm()
        self.s3.remove(self.root / name)

    def note(self, listing: Listing) -> None:
        """Replace the listing in one step."""
        self._confirm()
        self.s3.put(self.root / LISTING, _text(listing).encode())

    def _confirm(self) -> None:
        """Make sure that nobody else writes by now."""
        for lease in self._leases:
            lease.confirm()


def tree_at(root: str, s3: S3Settings) -> Tree:
    """The tree in a folder or below an S3 URL."""
    return S3Tree(S3Location.of(root), S3(s3)) if is_s3(root) else FolderTree(Path(root))


def replace_tree(tree: Tree, staged: Path, made_from: str) -> int:
    """Make the tree hold the files below ``staged`` and no others; returns how many were written or removed.

    Safe to repeat after a kill at any instant: the listing is written last, so what it does not know is written again.
    """
    held = tree.listing()
    files = {path.relative_to(staged).as_posix(): path for path in sorted(staged.rglob("*")) if path.is_file()}
    digests = {name: sha256_of(path) for name, path in files.items()}
    changed = [name for name, sha256 in digests.items() if held.files.get(name) != sha256]
    gone = [name for name in held.files if name not in files]
    # Until all is in place, the listing knows every file that may be there, so that none is ever left behind.
    if changed or gone:
        tree.note(Listing({**dict.fromkeys(files, ""), **{n: s for n, s in held.files.items() if n not in changed}}))
    at_once(lambda name: tree.put(name, files[name], digests[name]), changed)
    for name in gone:
        tree.remove(name)
    tree.note(Listing(digests, made_from))
    return len(changed) + len(gone)


def _text(listing: Listing) -> str:
    return json.dumps({"made_from": listing.made_from, "files": dict(listing.files)}, indent=1) + "\n"


def _read(text: str) -> Listing:
    document = json.loads(text)
    return Listing(document["files"], document["made_from"])
