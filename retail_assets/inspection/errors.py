"""Errors as one clear line: what went wrong and what to do next."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from retail_assets.engine.full_disk import FullDisk, is_full_disk

PACKAGE = Path(__file__).parents[1]
INTERRUPTED = 130
WRITTEN_FOR_PEOPLE = {
    "retail_assets.engine.s3_errors": "S3Error",
    "retail_assets.engine.lease": "LeaseLost",
    "retail_assets.landing.blocked": "BlockedFile",
    "retail_assets.local_cloud.processes": "ServerDown",
    "retail_assets.sources.declared.errors": "SourceUnavailable",
    "retail_assets.sources.postgres.connection": "SourceError",
    "retail_assets.warehouse.redshift.connecting": "RedshiftError",
}
"""Classes of ours, by module, whose messages say what happened and what to do."""


@dataclass(frozen=True)
class Explanation:
    """What to tell the user, and whether we saw it coming."""

    message: str
    is_expected: bool = True


def explain(error: BaseException) -> Explanation:
    """The error in a line or two. Those that nobody foresaw name the place, for a report."""
    message = _known(error)
    if message:
        return Explanation(message)
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({Path(place[0].filename).name}, line {place[0].lineno})" if place else ""
    return Explanation(f"unexpected {type(error).__name__}: {_first_line(error)}{where}", is_expected=False)


def _known(error: BaseException) -> str:
    """The message of an error that has an explanation; nothing for the others."""
    if invalid := _invalid_settings(error):
        return invalid
    if isinstance(error, FullDisk):
        return str(error)
    if is_full_disk(error):
        return f"{_said(error)}. Free some room and run this again; what was published stays."
    if _is_a(error, "duckdb", "OutOfMemoryException"):
        return f"{_first_line(error)} Raise RETAIL_MEMORY_LIMIT_MB, or free memory or disk: what does not fit spills."
    if any(_is_a(error, module, name) for module, name in WRITTEN_FOR_PEOPLE.items()):
        return str(error)
    if _is_a(error, "duckdb", "HTTPException"):
        return f"{_first_line(error)} `retail doctor --cloud` says what is missing."
    if _is_a(error, "duckdb", "IOException"):
        return _first_line(error)
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"there is no {error.filename}"
    if isinstance(error, OSError) and error.strerror:
        return _said(error)
    return str(error.args[0]) if _is_told(error) else ""


def _is_told(error: BaseException) -> bool:
    """Whether it is an exception of Python's own that we raised with a sentence for people.

    An import that fails by itself, in a module of ours, names what it looked for; one of our sentences names nothing.
    """
    if isinstance(error, ImportError) and error.name:
        return False
    is_sentence = bool(error.args) and " " in str(error.args[0])
    return isinstance(error, ValueError | KeyError | ImportError | PermissionError) and is_sentence and _is_ours(error)


def _said(error: BaseException) -> str:
    """What the system said, and about which file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return _first_line(error)


def _invalid_settings(error: BaseException) -> str:
    """What is wrong with which RETAIL_* variable. Values are not repeated: one might be a secret."""
    if _is_a(error, "pydantic", "ValidationError"):
        wrong = [("_".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]  # type: ignore[attr-defined]
        named = [f"RETAIL_{name.upper()}: {message}" if name else message for name, message in wrong]
        return "; ".join(text.replace("Value error, ", "") for text in named) + ". Correct the environment."
    if _is_a(error, "pydantic_settings", "SettingsError"):
        name = str(error).partition('"')[2].partition('"')[0]
        return f'RETAIL_{name.upper()} is no JSON such as {{"Summer sale": ["2019-07-01"]}}. Correct the environment.'
    return ""


def _is_a(error: BaseException, module: str, name: str) -> bool:
    """Whether the error is of a class of a module, which is not imported for the question."""
    known = getattr(sys.modules.get(module), name, None)
    return isinstance(known, type) and isinstance(error, known)


def _is_ours(error: BaseException) -> bool:
    """Whether the platform's own code raised it: then its message is written for users."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    return bool(place) and Path(place[0].filename).is_relative_to(PACKAGE)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
