"""The slicer: cuts the text of a CSV file into slices of whole lines while it streams by.

A slice is read by one thread while the next is being cut. Where the text is in the order of time, slices end with the
day, so that a slice is a part as it stands and no row needs a look at its time: see ``vouching``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from retail_assets.engine.session import MEBIBYTE
from retail_assets.landing.byte_search import places_of
from retail_assets.landing.census import Census
from retail_assets.landing.records import MAX_RECORD_BYTES
from retail_assets.landing.vouching import first_day, vouched

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SMALLEST = 8 * MEBIBYTE
"""A slice below this size does not end with its day: a small one costs as much to start as to read."""
LARGEST = 64 * MEBIBYTE
"""A slice of several days ends here, since its rows are kept in memory until each day is written."""
LARGEST_OF_ONE_DAY = 1024 * MEBIBYTE
MOST_ODD_LINES = 1_000
_UNDECIDED = MEBIBYTE // 16
"""So much text may wait for what follows, to tell a few odd lines from the beginning of a day."""
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True)
class Slice:
    """Whole lines of a text in a file of their own, with a census of them.

    With a ``day``, all but the ``odd`` lines, which stand there by their number, begin with a time of that day.
    """

    number: int
    path: Path
    first_line: int
    lines: int
    census: Census
    first: bytes
    """The first line."""
    day: str | None
    odd: tuple[tuple[int, bytes], ...]


@dataclass
class _Open:
    """A slice that is being written."""

    path: Path
    stream: IO[bytes]
    first_line: int
    census: Census
    day: str | None
    is_of_one_day: bool
    first: bytes = b""
    size: int = 0
    lines: int = 0
    odd: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return self.size >= (LARGEST_OF_ONE_DAY if self.is_of_one_day else LARGEST)

    def note_odd(self, lines: _Lines, at: int, end: int, fits: npt.NDArray[np.bool_] | None, first_line: int) -> None:
        """Keep the lines that do not fit; too many of them, and the slice is none of one day."""
        odd = range(at, end) if fits is None else [at + index for index in (~fits[: end - at]).nonzero()[0].tolist()]
        self.odd.extend((first_line + index - at, lines.line(index)) for index in odd[: MOST_ODD_LINES + 1])
        self.is_of_one_day = len(self.odd) <= MOST_ODD_LINES


@dataclass(frozen=True)
class _Lines:
    """Whole lines: where each starts, and last where they end."""

    text: bytes
    starts: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def line(self, index: int) -> bytes:
        return self.text[self.starts[index] : self.starts[index + 1]]

    def bytes_from(self, index: int) -> int:
        return len(self.text) - int(self.starts[index])

    def of_day(self, day: str, at: int) -> npt.NDArray[np.bool_]:
        return vouched(self.text, self.starts[at:-1], day)

    def first_day(self, at: int) -> tuple[int, str | None]:
        """The first line from there on that tells its day; the end where none does."""
        found = first_day(self.text, int(self.starts[at]))
        if found is None:
            return len(self), None
        position, day = found
        return int(self.starts.searchsorted(position)), day


def _length_to_last(fits: npt.NDArray[np.bool_] | None) -> int:
    if fits is None:
        return 0
    last = fits.nonzero()[0][-1:]
    return int(last[0]) + 1 if len(last) else 0


@dataclass
class Slicer:
    """Cuts what is written to it."""

    name: str
    folder: Path
    begin: Callable[[bytes], bool | None]
    """Gets the header; tells whether the lines after it may be vouched for, or, with None, that they be left."""
    take: Callable[[Slice], None]
    """Gets each slice as soon as it is cut."""
    slices: int = 0
    has_given_up: bool = False
    """Whether the text is nothing for slices; what was cut so far is worth nothing then."""
    _vouches: bool = False
    _has_begun: bool = False
    _rest: bytes = b""
    _line_end: bytes = b"\n"
    _open: _Open | None = None
    _next_line: int = 2

    def write(self, chunk: bytes) -> None:
        """Take in the next piece of the text."""
        if self.has_given_up:
            return
        text = self._rest + chunk
        if not self._has_begun:
            text = self._without_header(text)
        # The last line waits: blank lines at the end of a file are no records.
        end = text.rstrip(_LINE_ENDS).rfind(b"\n") + 1
        self._rest = text[end:]
        if len(self._rest) > MAX_RECORD_BYTES:
            self.give_up()
        elif end:
            self._add(text[:end])

    def close(self) -> None:
        """Say that the text has ended."""
        if not self._has_begun and not self.has_given_up:
            self._rest = self._without_header(self._rest + b"\n")
        if last := self._rest.rstrip(_LINE_ENDS):
            self._rest = b""
            self._add(last + self._line_end, is_last=True)
        self._cut()

    def give_up(self) -> None:
        """Cut no more slices, whatever comes."""
        self.has_given_up = True
        self._rest = b""
        if self._open:
            self._open.stream.close()
            self._open = None

    def _without_header(self, text: bytes) -> bytes:
        header, newline, rest = text.partition(b"\n")
        if not newline:
            return text
        vouches = self.begin(header + newline)
        self._has_begun = True
        self._line_end = b"\r\n" if header.endswith(b"\r") else b"\n"
        self._vouches = bool(vouches)
        if vouches is None:
            self.give_up()
        return b"" if self.has_given_up else rest

    def _add(self, text: bytes, *, is_last: bool = False) -> None:
        import numpy as np

        ends = places_of(np.frombuffer(text, np.uint8), ord("\n")) + 1
        lines = _Lines(text, np.concatenate((np.zeros(1, np.intp), ends)))
        if self._vouches:
            self._add_by_day(lines, is_last)
        else:
            self._append(lines, 0, len(ends), None)

    def _add_by_day(self, lines: _Lines, is_last: bool) -> None:
        """Append lines to the slice of their day; go on with another where the lines of another day begin."""
        at = 0
        while at < len(lines) and not self.has_given_up:
            fits = lines.of_day(self._open.day, at) if self._open and self._open.day else None
            run = at + _length_to_last(fits)  # no line from there on is of this day
            self._append(lines, at, run, fits)
            if run < len(lines) and lines.bytes_from(run) < _UNDECIDED and not is_last:
                self._rest = lines.text[lines.starts[run] :] + self._rest
                return
            at = self._begin_day(lines, run)

    def _begin_day(self, lines: _Lines, run: int) -> int:
        """Make the first day that one of these lines tells the day of the slice, or of the next; where that line is."""
        if run == len(lines):
            return run
        at, day = lines.first_day(run)
        if self._open and day and self._open.size >= SMALLEST:
            self._append(lines, run, at, None)
            self._cut()
            self._opened(day)
            return at
        opened = self._opened(day)
        self._vouches = day is not None or opened.day is not None
        opened.is_of_one_day &= opened.day == day
        opened.day = day or opened.day
        self._append(lines, run, at, None)
        return at

    def _opened(self, day: str | None) -> _Open:
        if self._open is None:
            path = self.folder / f"slice-{self.slices:06d}.csv"
            stream, census = path.open("wb", buffering=0), Census(self.name)
            self._open = _Open(path, stream, self._next_line, census, day, day is not None)
        return self._open

    def _append(self, lines: _Lines, at: int, end: int, fits: npt.NDArray[np.bool_] | None) -> None:
        """Write lines to the slice; those that do not fit its day are odd, and without a day all are."""
        if at == end:
            return
        opened = self._opened(None)
        text = lines.text[lines.starts[at] : lines.starts[end]]
        opened.stream.write(text)
        opened.census.add(text)
        opened.first = opened.first or lines.line(at)
        if opened.is_of_one_day:
            opened.note_odd(lines, at, end, fits, self._next_line)
        opened.size += len(text)
        opened.lines += end - at
        self._next_line += end - at
        if opened.is_full:
            self._cut()

    def _cut(self) -> None:
        """Hand on the slice that was being written."""
        opened, self._open = self._open, None
        if opened:
            opened.stream.close()
            day, odd = (opened.day, tuple(opened.odd)) if opened.is_of_one_day else (None, ())
            part = Slice(
                number=self.slices,
                path=opened.path,
                first_line=opened.first_line,
                lines=opened.lines,
                census=opened.census.close(),
                first=opened.first,
                day=day,
                odd=odd,
            )
            self.take(part)
            self.slices += 1
