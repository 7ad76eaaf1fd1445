"""The careful reader: splits a CSV text into records where the fast reader must give up.

Every line ends up in exactly one place: in a record of the right width, which is copied as it stands, or in the
quarantine with its reason. Lines without quotes, nearly all even here, are judged in bulk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO

from retail_assets.landing.blocked import BlockedFile

BLOCK = 4 * 1024 * 1024
MAX_RECORD_BYTES = 2 * 1024 * 1024
"""No event is longer, so a record that is has swallowed others."""
_QUOTED = rb' *"[^"]*(?:""[^"]*)*" *'
_BARE = rb'(?! *")[^,\r\n]*'
_FIELD = rb"(?:%b|%b)" % (_QUOTED, _BARE)
_ONE_FIELD = re.compile(rb"(?:^|,)(%b)" % _FIELD)
_ANY_WIDTH = re.compile(rb"%b(?:,%b)*" % (_FIELD, _FIELD))
_ENDS_IN_QUOTES = re.compile(rb'(?:%b,)* *"[^"]*(?:""[^"]*)*' % _FIELD)
_UNSEEN = bytes([*range(33), 127])
_numbered = b"%d,%b".__mod__


@dataclass(frozen=True)
class SplitText:
    """A text split into records: files of the good ones (line number, then as received) and of the damaged lines."""

    good: Path
    damaged: Path
    records: int
    damaged_lines: int
    spans_lines: bool
    """Whether a good record takes more than one line."""


def split_records(text: Path, name: str, width: int, header_lines: int, first_line: int, folder: Path) -> SplitText:
    """Split a UTF-8 text into records of ``width`` fields and damaged lines, below ``folder``.

    The line after the header has the number ``first_line``.

    Raises:
        BlockedFile: ``line_too_long``, where a line is longer than any record.
    """
    good, damaged = folder / "good.csv", folder / "damaged.csv"
    with text.open("rb") as stream, good.open("wb") as kept, damaged.open("wb") as rejected:
        splitter = _Splitter(width, kept, rejected, first_line)
        try:
            for block, is_last in _blocks(stream, header_lines, splitter):
                splitter.feed(block, is_last)
        except _TooLong as error:
            cause = f"line {error.args[0]} is longer than {MAX_RECORD_BYTES:,} bytes"
            mend = "Find out what the file is, and deliver it again."
            raise BlockedFile("line_too_long", name, cause, mend) from error
    return SplitText(
        good=good,
        damaged=damaged,
        records=splitter.records,
        damaged_lines=splitter.damaged_lines,
        spans_lines=splitter.spans_lines,
    )


class _TooLong(Exception):
    """A line is longer than any record; its number is the argument."""


def _blocks(stream: IO[bytes], header_lines: int, splitter: _Splitter) -> Iterator[tuple[bytes, bool]]:
    """The text after its header, in blocks of whole lines; what the splitter left undecided leads the next block."""
    separator = b"\n" if _has_newline(stream) else b"\r"
    for _ in range(header_lines):
        _skip_line(stream, separator)
    rest = b""
    while chunk := stream.read(BLOCK):
        chunk = rest + chunk if separator == b"\n" else (rest + chunk).replace(b"\r", b"\n")
        whole, newline, rest = chunk.rpartition(b"\n")
        if len(rest) > MAX_RECORD_BYTES:
            lines_before = (splitter.undecided + whole + newline).count(b"\n")
            raise _TooLong(splitter.line + lines_before)
        if newline:
            yield splitter.undecided + whole + newline, False
    yield splitter.undecided + rest, True


@dataclass
class _Splitter:
    width: int
    kept: IO[bytes]
    rejected: IO[bytes]
    line: int
    """Number of the first line of the next block."""
    records: int = 0
    damaged_lines: int = 0
    spans_lines: bool = False
    undecided: bytes = b""
    _whole: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._whole = re.compile(rb"%b(?:,%b){%d}" % (_FIELD, _FIELD, self.width - 1))

    def feed(self, block: bytes, is_last: bool) -> None:
        """Judge the lines of a block; a record that is still open at its end is left in ``undecided``."""
        self.undecided = b""
        raw = block.removesuffix(b"\n").split(b"\n") if block else []
        lines = [line.removesuffix(b"\r") for line in raw] if b"\r" in block else raw
        position = 0
        for index in self._odd_lines(block, lines):
            if index < position:
                continue
            self._keep_all(position, lines[position:index])
            taken = self._judge(lines, raw, index, is_last)
            if not taken:
                self.undecided = b"\n".join(raw[index:]) + b"\n"
                self.line += index
                return
            position = index + taken
        self._keep_all(position, lines[position:])
        self.line += len(lines)

    def _odd_lines(self, block: bytes, lines: Sequence[bytes]) -> list[int]:
        """Indexes of lines that hold quotes or carriage returns, or not the right number of commas."""
        import numpy as np

        codes = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(codes == ord("\n"))
        if len(ends) < len(lines):
            ends = np.append(ends, len(block))
        commas = np.diff(np.searchsorted(np.flatnonzero(codes == ord(",")), ends), prepend=0)
        quotes = np.diff(np.searchsorted(np.flatnonzero(codes == ord('"')), ends), prepend=0)
        odd = (commas != self.width - 1) | (quotes > 0)
        if b"\r" in block:
            odd |= np.fromiter((b"\r" in line for line in lines), dtype=bool, count=len(lines))
        return np.flatnonzero(odd).tolist()

    def _judge(self, lines: list[bytes], raw: list[bytes], index: int, is_last: bool) -> int:
        """Keep or reject the record that begins at this line; returns its number of lines, or 0 if it is still open."""
        text = lines[index]
        if len(text) > MAX_RECORD_BYTES:
            raise _TooLong(self.line + index)
        if not text.strip(_UNSEEN):
            return 1  # a blank line is no record
        if b"\r" in text and not self._whole.fullmatch(text):
            text = text.replace(b"\r", b"")  # within a line it is a control character, which has no place in a field
        if _ANY_WIDTH.fullmatch(text):
            self._keep_if_wide(index, text)
        elif _ENDS_IN_QUOTES.fullmatch(text):
            return self._judge_open(lines, raw, index, is_last)
        else:
            self._reject(index, "bad_quotes", text)
        return 1

    def _judge_open(self, lines: list[bytes], raw: list[bytes], index: int, is_last: bool) -> int:
        """A quoted field is open at the end of the line: does it end on a later one, or is the quote a mistake?

        It is a mistake if a later line is a whole record by itself before the quote is closed, or if none closes it.
        """
        size = len(lines[index])
        for last in range(index + 1, len(lines)):
            size += len(lines[last]) + 1
            if size > MAX_RECORD_BYTES or self._is_whole(lines[last]):
                break
            if lines[last].count(b'"') % 2 == 0:
                continue
            text = b"\n".join([*raw[index:last], lines[last]])
            if _ANY_WIDTH.fullmatch(text):
                self._keep_if_wide(index, text)
                return last - index + 1
            if not _ENDS_IN_QUOTES.fullmatch(text):
                break
        else:
            if not is_last:
                return 0
        self._reject(index, "unterminated_quote", lines[index])
        return 1

    def _is_whole(self, line: bytes) -> bool:
        """Whether the line is a record by itself, with nothing doubtful about it."""
        if b'"' not in line:
            return line.count(b",") == self.width - 1
        outside = re.sub(_QUOTED, b"", line)
        return b'"' not in outside and self._whole.fullmatch(line) is not None

    def _keep_if_wide(self, index: int, text: bytes) -> None:
        if self._whole.fullmatch(text):
            self._keep_all(index, [text])
            self.spans_lines |= b"\n" in text
        else:
            fields = len(_ONE_FIELD.findall(text))
            self._reject(index, "too_many_columns" if fields > self.width else "too_few_columns", text)

    def _keep_all(self, index: int, texts: Sequence[bytes]) -> None:
        if not texts:
            return
        first, number = self.line + index, len(texts)
        self.kept.write(b"\n".join(map(_numbered, zip(count(first), texts))))
        self.kept.write(b"\n")
        self.records += number

    def _reject(self, index: int, reason: str, text: bytes) -> None:
        quoted = text.replace(b'"', b'""')
        self.rejected.write(b'%d,%b,"%b"\n' % (self.line + index, reason.encode(), quoted))
        self.damaged_lines += 1


def _has_newline(stream: IO[bytes]) -> bool:
    """Whether the text has line feeds at all; where it has none, carriage returns end its lines."""
    found = any(b"\n" in chunk for chunk in iter(lambda: stream.read(BLOCK), b""))
    stream.seek(0)
    return found


def _skip_line(stream: IO[bytes], separator: bytes) -> None:
    if separator == b"\n":
        stream.readline()
        return
    while (byte := stream.read(1)) and byte != separator:
        pass
