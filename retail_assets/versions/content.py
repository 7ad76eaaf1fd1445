"""What a version is built of: links to the lake's objects, and proof that they are what the lake's manifest names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts import Contract
from retail_assets.engine.audit import NO_ROWS, digest_scan, type_violations
from retail_assets.engine.partition import dates_of
from retail_assets.engine.publication import Published
from retail_assets.engine.s3_errors import ObjectMissing
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.engine.session import session, thread_count
from retail_assets.engine.staging import Staged, link_or_copy
from retail_assets.settings import Settings
from retail_assets.versions.hashing import sha256_of_all
from retail_assets.versions.version import Version, VersionFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def bring(entry: Published, target: Path, settings: Settings) -> None:
    """Give the object a second name, since the lake replaces objects and never changes them; else copy it.

    Raises:
        ValueError: the object is gone.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if is_s3(entry.location):
            S3(settings.s3).fetch(S3Location.of(entry.location), target)
        else:
            link_or_copy(Path(entry.location), target)
    except (FileNotFoundError, ObjectMissing):
        raise ValueError(f"{entry.location} is gone. {_mend([entry])}") from None


def describe(
    settings: Settings,
    contract: Contract,
    entries: Mapping[str, Published],
    staged: Path,
    previous: Version | None,
) -> tuple[VersionFile, ...]:
    """The staged files, by path, with their SHA-256. What the previous version has shown before is not read again.

    Raises:
        ValueError: a file is not the object that the lake's manifest names.
    """
    known = _shown_before(previous, entries, staged) if previous and _has_columns(previous, contract) else {}
    fresh = {path: staged / path for path in entries if path not in known}
    _require_content(settings, contract, entries, fresh)
    hashes = sha256_of_all(fresh.values(), thread_count(settings))
    described = {path: _file(path, entries[path], staged / path, hashes[staged / path]) for path in fresh}
    return tuple(known.get(path) or described[path] for path in sorted(entries))


def _shown_before(previous: Version, entries: Mapping[str, Published], staged: Path) -> dict[str, VersionFile]:
    return {file.path: file for file in previous.files if _is_same(previous, file, entries, staged)}


def _has_columns(version: Version, contract: Contract) -> bool:
    mine, theirs = ([(c.name, c.type, c.partition_position) for c in item.columns] for item in (version, contract))
    return mine == theirs


def _is_same(previous: Version, file: VersionFile, entries: Mapping[str, Published], staged: Path) -> bool:
    """Whether a file of the previous version is the staged one: another name of it, and untouched since."""
    entry, old, new = entries.get(file.path), previous.folder / file.path, staged / file.path
    if entry is None or (entry.rows, entry.digest) != (file.rows, file.digest) or not old.exists():
        return False
    state = new.stat()
    return os.path.samestat(old.stat(), state) and (state.st_size, state.st_mtime_ns) == (file.bytes, file.mtime_ns)


def _file(path: str, entry: Published, staged: Path, sha256: str) -> VersionFile:
    state = staged.stat()
    return VersionFile(path, entry.partition, entry.rows, state.st_size, sha256, entry.digest, state.st_mtime_ns)


def _require_content(
    settings: Settings, contract: Contract, entries: Mapping[str, Published], files: Mapping[str, Path]
) -> None:
    """Hold columns, rows and digest of each file against the contract and the lake's manifest.

    The manifest may be older than the object where a run was killed between the two, or somebody has changed a file.
    """
    if not files:
        return
    import duckdb

    try:
        with session(settings) as connection:
            staged = [Staged(entries[path].partition, str(file), file.stat().st_size) for path, file in files.items()]
            differences = type_violations(connection, contract, staged)
            found = {} if any(differences.values()) else _measured(connection, contract, files.values())
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        cause = str(error).partition("\n")[0]
        for path, file in files.items():
            cause = cause.replace(str(file), entries[path].location)
        raise ValueError(f"{contract.name} cannot be read: {cause} {_mend(entries.values())}") from error
    for path, file in files.items():
        if differences[str(file)]:
            raise ValueError(
                f"{entries[path].location} was made under another contract: {'; '.join(differences[str(file)])}. "
                "Run `retail backfill`, then publish again; nothing was published."
            )
    wrong = [
        entries[path]
        for path, file in files.items()
        if found.get(str(file), (0, NO_ROWS)) != (entries[path].rows, entries[path].digest)
    ]
    if wrong:
        raise ValueError(
            f"{wrong[0].location} is not the object that the manifest of {contract.name} names: a run was killed "
            f"before it could record it, or the file was changed. {_mend(wrong)}"
        )


def _measured(connection: DuckDBPyConnection, contract: Contract, files: Iterable[Path]) -> dict[str, tuple[int, str]]:
    """Rows and digest of each file that has rows, as the audit measured them before publication."""
    scan = digest_scan(contract, map(str, files))
    return {path: (rows, digest) for path, rows, digest in connection.execute(scan).fetchall()}


def _mend(entries: Iterable[Published]) -> str:
    """How to make these partitions anew."""
    days = sorted(dates_of(entry.partition for entry in entries))
    span = f" --from {days[0]} --to {days[-1]}" if days else ""
    return f"Run `retail backfill --force{span}`, then publish again; nothing was published."
