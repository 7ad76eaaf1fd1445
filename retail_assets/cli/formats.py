"""Rows as JSON and CSV, exactly: NULL, empty text, decimals and what JSON has no type for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

Rows = Iterable[Sequence[Any]]


def write_json(names: Sequence[str], rows: Rows, stream: IO[str]) -> None:
    """Write the rows as a JSON array of objects, one a line. Decimals keep every digit."""
    keys = list(_distinct(names))
    separator = "[\n"
    for row in rows:
        members = ", ".join(f"{json.dumps(name)}: {_json(value)}" for name, value in zip(keys, row, strict=True))
        stream.write(f"{separator}{{{members}}}")
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def _json(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value in types that JSON has: dates in ISO form, NaN and Infinity as text, bytes in hex."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal | UUID | timedelta):
        return str(value)
    return value


def _distinct(names: Sequence[str]) -> Iterator[str]:
    """The names with a number behind those that come again: an object has a key once."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        yield name if counts[name] == 1 else f"{name}_{counts[name]}"


def write_csv(names: Sequence[str], rows: Rows, stream: IO[str]) -> None:
    """Write the rows as CSV. NULL is an empty field, an empty text is ``""``."""
    stream.write(",".join(_csv(name) for name in names) + "\n")
    for row in rows:
        stream.write(",".join(_csv(value) for value in row) + "\n")


def _csv(value: Any) -> str:
    if value is None:
        return ""
    is_nested = isinstance(value, list | tuple | Mapping)
    text = json.dumps(plain(value), ensure_ascii=False) if is_nested else _exact(plain(value))
    is_plain = bool(text) and not any(char in text for char in ',"\r\n')
    return text if is_plain else '"' + text.replace('"', '""') + '"'


def _exact(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
