"""Vouching: which lines begin with a time of one day in REES46's form, told from their bytes alone.

Such a line needs no parsing to know that its event has that date: ``2019-10-01 00:00:53 UTC,`` is 24 bytes, three
machine words, and all words of a block are checked at once. What is not vouched for is not wrong: it takes the long
way.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WIDTH = 24
_TIME = re.compile(rb"^(\d{4}-\d\d-\d\d) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d UTC,", re.MULTILINE)
_REST = b" 00:00:00 UTC,"
_LARGEST = b"0000-00-00 29:59:59 UTC,"
"""The largest character at each place of a digit; hours beyond 23 are looked at apart."""


def vouched(text: bytes, starts: npt.NDArray[np.intp], day: str) -> npt.NDArray[np.bool_]:
    """Which of the lines that start there begin with a time of this day."""
    import numpy as np

    fits = starts <= len(text) - WIDTH
    if not fits.any():
        return fits
    lines = np.ndarray(len(text) - WIDTH + 1, f"V{WIDTH}", text, strides=(1,))[np.where(fits, starts, 0)]
    words, letters = lines.view(np.uint64).reshape(-1, 3), lines.view(np.uint8).reshape(-1, WIDTH)
    for word, fixed, expected, digits, threes, room in zip(words.T, *_patterns(day), strict=True):
        fits &= (word & fixed) == expected
        # A digit is 0x30 to 0x39; with the room above its largest value added, it must still begin with a 3.
        fits &= (word & digits) == threes
        fits &= ((word + room) & digits) == threes
    fits &= (letters[:, 11] != ord("2")) | (letters[:, 12] <= ord("3"))
    return fits


def first_day(text: bytes, start: int = 0) -> tuple[int, str] | None:
    """Where the first line from ``start`` on begins that begins with such a time, and the day of it."""
    for found in _TIME.finditer(text, start):
        day = found[1].decode()
        try:
            date.fromisoformat(day)
        except ValueError:
            continue
        return found.start(), day
    return None


def _patterns(day: str) -> tuple[npt.NDArray[np.uint64], ...]:
    """Masks for the three words: fixed letters, what they must be, high halves of digits, what these must be, room."""
    import numpy as np

    form = day.encode() + _REST
    digits = [at for at, letter in enumerate(form) if at >= len(day) and letter == ord("0")]
    fixed, high, threes, room = (bytearray(WIDTH) for _ in range(4))
    expected = bytearray(form)
    for at in range(WIDTH):
        fixed[at] = 0 if at in digits else 0xFF
        expected[at] &= fixed[at]
        high[at], threes[at] = (0xF0, 0x30) if at in digits else (0, 0)
        room[at] = 0x3F - _LARGEST[at] if at in digits else 0
    return tuple(np.frombuffer(bytes(part), np.uint64) for part in (fixed, expected, high, threes, room))
