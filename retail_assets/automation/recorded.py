"""A note that Dagster's instance knows all that is published, so that a backfill with nothing to do need not ask it.

To ask means to load Dagster: two thirds of the time that such a backfill takes. The note holds for the state of the
stores and of Dagster's index of events that it names, and for no other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from retail_assets.engine.identity import identity_at
from retail_assets.engine.private import private_file

NOTE_NAME = "recorded.json"


def note_recorded(home: Path, version: str, index: Path) -> None:
    """Note that all that is published at this version of the platform is recorded in this index of events."""
    with private_file(home, NOTE_NAME) as new:
        new.write_text(json.dumps(_note(version, index)), encoding="utf-8")
        new.replace(home / NOTE_NAME)


def is_recorded(home: Path, version: str) -> bool:
    """Whether all that is published at this version is known to be recorded. Where in doubt, it is not."""
    try:
        note = json.loads((home / NOTE_NAME).read_text(encoding="utf-8"))
        return bool(note == _note(version, Path(note["index"])))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _note(version: str, index: Path) -> dict[str, Any]:
    log = index.with_name(f"{index.name}-wal")  # what SQLite has not moved into the index itself yet
    return {"version": version, "index": str(index), "states": [identity_at(index), identity_at(log)]}
