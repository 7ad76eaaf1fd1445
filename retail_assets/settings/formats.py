"""Settings that say how something is written, refused where nobody could read it so."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

_THE_MACHINES_OWN = "localtime"
"""Among Python's zones on many machines, but none of DuckDB's, and another one on each machine."""


@cache
def _zones() -> frozenset[str]:
    """Every zone; they are collected from files, which takes 35 ms."""
    return frozenset(available_timezones() - {_THE_MACHINES_OWN})


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"there is no time zone {name!r}: use an IANA name such as Europe/Berlin")
    return name


def _known_encoding(name: str) -> str:
    try:
        "a".encode(name)  # a look-up alone would find codecs that are none of text, such as hex
    except (LookupError, ValueError):
        raise ValueError(f"there is no encoding {name!r}: use one such as utf-8, cp1252 or utf-16") from None
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone by its IANA name."""
Encoding = Annotated[str, AfterValidator(_known_encoding)]
"""An encoding of text by a name that Python knows."""
