"""The sliced reader: reads a text while it goes through the gate, slice by slice, on all cores.

Slices in which not every line is a record are read with care, as the whole text would be: the careful reader gives up
on an open quote at the next line that is a record by itself, so a slice that is followed by such a line can be read
apart. Where a slice is not, the text is read as a whole. Until the gate has seen the last byte, nothing counts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.staging import OBJECT_NAME
from retail_assets.landing.blocked import BlockedFile
from retail_assets.landing.census import HEAD_BYTES
from retail_assets.landing.landed_rows import copy, future_from
from retail_assets.landing.layout import FileLayout, match_columns, read_header
from retail_assets.landing.reading import Reading, Terms, reading_of
from retail_assets.landing.slice_pool import SlicePool
from retail_assets.landing.slice_reader import Irregular, SliceContext, SliceReading, read_slice
from retail_assets.landing.slicer import Slice, Slicer
from retail_assets.landing.storage import REJECTED_NAME
from retail_assets.settings import Settings

PIECES = "pieces"


@dataclass
class SlicedReader:
    """Reads what is written to it into ``folder``. Ask ``finish`` for the reading when the gate has let all through."""

    pool: SlicePool
    name: str
    folder: Path
    settings: Settings
    terms: Terms
    tell: Callable[[int], None] | None = None
    """Gets the rows of every slice that is read, from the thread that read it."""
    _layout: FileLayout | None = None
    _slicer: Slicer = field(init=False)
    _found: list[Future[SliceReading]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slicer = Slicer(self.name, self.folder, self._begin, self._take)

    def write(self, chunk: bytes) -> None:
        """Take in the next piece of the text."""
        self._slicer.write(chunk)

    def finish(self) -> Reading | None:
        """The reading, its parts in place; None where the text must be read another way.

        Raises:
            duckdb.Error: the machine is short of memory or disk.
        """
        self._slicer.close()
        layout = self._layout
        try:
            found = [future.result() for future in self._found]
        except Irregular:
            found = []
            self._slicer.give_up()
        was_apart = all(reading.is_apart for reading in found) or not any(reading.needed_care for reading in found)
        if self._slicer.has_given_up or not layout or not was_apart:
            self.discard()
            return None
        self._assemble(found)
        return reading_of((count for reading in found for count in reading.counts), layout, self.settings)

    def discard(self) -> None:
        """Leave nothing of what was read so far; waits for what is being read."""
        self._slicer.give_up()
        for future in self._found:
            if not future.cancel():
                future.exception()
        for path in sorted((path for path in self.folder.rglob("*")), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        self._found.clear()

    def _begin(self, header: bytes) -> bool | None:
        """Match the header; whether days can be vouched for, or None if the text is nothing for slices."""
        try:
            found = read_header(header[:HEAD_BYTES], self.name)
            self._layout = match_columns(self.name, found.names)
        except BlockedFile:
            return None  # the other way of reading says what is wrong
        ends_in_returns = b"\r" in header.rstrip(b"\r\n")
        if found.lines != 1 or len(header) > HEAD_BYTES or ends_in_returns:
            return None
        is_plain = self.settings.event_time_format == "iso" and self.terms.times == "as_received"
        return is_plain and self._layout.positions["event_time"] == 0

    def _take(self, part: Slice) -> None:
        """Hand a slice to the pool; waits while enough of them wait."""
        if self._layout is None or any(future.done() and future.exception() for future in self._found[-8:]):
            self._slicer.give_up()
            return
        context = SliceContext(
            name=self.name,
            layout=self._layout,
            folder=self.folder / PIECES,
            is_open=bool(part.day) and self._is_open(part.day or ""),
            tell=self.tell,
        )
        self._found.append(self.pool.submit(read_slice, part, context, self.settings, self.terms))

    def _is_open(self, day: str) -> bool:
        """Whether no event of that day can be too old, too late or in the future."""
        begins = date.fromisoformat(day)
        ends_before = future_from(self.settings, self.terms).isoformat()[:10]
        return begins >= self.settings.start_date and day < ends_before and day not in self.terms.closed

    def _assemble(self, found: list[SliceReading]) -> None:
        """Move what slices brought to where it belongs; a date of several slices is put together in order of rows."""
        pieces: dict[str, list[Path]] = {}
        for reading in found:
            for day, piece in reading.pieces.items():
                pieces.setdefault(day, []).append(piece)
        targets = {self.folder / f"date={day}" / OBJECT_NAME: paths for day, paths in pieces.items()}
        if rejected := [reading.rejected for reading in found if reading.rejected]:
            targets[self.folder / REJECTED_NAME] = rejected
        joining = [self._join(target, paths) for target, paths in targets.items()]
        for future in joining:
            if future:
                future.result()
        for path in sorted((self.folder / PIECES).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()

    def _join(self, target: Path, pieces: list[Path]) -> Future[int] | None:
        target.parent.mkdir(exist_ok=True)
        if len(pieces) == 1:
            pieces[0].rename(target)
            return None
        paths = ", ".join(quote_literal(str(path)) for path in pieces)
        select = f"SELECT * FROM read_parquet([{paths}], hive_partitioning = false) ORDER BY source_row"
        return self.pool.submit(lambda connection: copy(connection, select, target))
