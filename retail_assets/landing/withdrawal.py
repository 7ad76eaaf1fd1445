"""Withdrawal: files whose rows leave, whatever stays in the landing folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from retail_assets.landing.ledger import LandedFile


def withdrawn(files: Mapping[str, LandedFile], names: Sequence[str]) -> list[LandedFile]:
    """New ledger entries of the named files, and of the others that hold the same bytes.

    The dates that a file brought stay in its entry, with no rows: delivered again, it is not late for them.

    Raises:
        ValueError: no such file has landed, or it is withdrawn already.
    """
    for name in names:
        _require_landed(files, name)
    contents = {files[name].sha256 for name in names if files[name].sha256}
    same = (name for name, entry in files.items() if entry.state == "duplicate" and entry.sha256 in contents)
    return [_without_rows(files[name]) for name in dict.fromkeys([*names, *sorted(same)])]


def _without_rows(entry: LandedFile) -> LandedFile:
    return LandedFile(
        name=entry.name,
        state="withdrawn",
        sha256=entry.sha256,
        bytes=entry.bytes,
        mtime_ns=entry.mtime_ns,
        reader=entry.reader,
        etag=entry.etag,
        as_of=entry.as_of,
        detail=f"withdrawn: its {entry.rows:,} rows left",
        parts=dict.fromkeys(entry.parts, 0),
    )


def _require_landed(files: Mapping[str, LandedFile], name: str) -> None:
    entry = files.get(name)
    if entry is None:
        near = get_close_matches(name, files, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `retail status` tells what has landed."
        raise ValueError(f"no file {name!r} has landed, so nothing was withdrawn.{hint}")
    if entry.state == "withdrawn":
        raise ValueError(f"{name} is withdrawn already.")
