"""Progress of what a command starts: files taken in, then the partitions of each stage."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retail_assets.cli.progress import Meter, listening
from retail_assets.engine.pace import PROGRESS, Reach

if TYPE_CHECKING:
    from retail_assets.landing.progress import Progress

TAKING_IN = "taking in files"


@contextmanager
def watching(shown: Meter) -> Iterator[Watching]:
    """Shows what is told of work, and what the platform's own log says of it, for a while."""
    work = Watching(shown)
    with listening(PROGRESS.name, logging.INFO, work.on_batch):
        yield work


@dataclass
class _Stage:
    """A stage at work: what its ended runs have done, and when it began."""

    total: int
    started: float
    done: int = 0
    rows: int = 0


@dataclass
class Watching:
    """Shows how far files and stages have come. A stage takes a run a range of dates; each counts from nothing."""

    shown: Meter
    started: float = field(default_factory=time.perf_counter)
    _taking_in: Reach | None = None
    _stages: dict[str, _Stage] = field(default_factory=dict)

    def on_file(self, told: Progress) -> None:
        """So many files and bytes went in."""
        share = told.bytes_done / told.bytes if told.bytes else None
        noun = "file" if told.files == 1 else "files"
        seconds = time.perf_counter() - self.started
        self._taking_in = Reach(told.files_done, told.files, noun, told.rows, seconds, share)
        self.shown.tell(TAKING_IN, self._taking_in)

    def on_stage(self, step: str, total: int) -> None:
        """A stage is about to make so many partitions: then all files are in."""
        self._end_of_files()
        self._stages[step] = _Stage(total, time.perf_counter())
        self.shown.tell(step, Reach(0, total, "partitions"))

    def on_batch(self, record: logging.LogRecord) -> None:
        """A record of the progress logger: a run has made some partitions more."""
        told = record.args if isinstance(record.args, tuple) else ()
        if len(told) == 2 and isinstance(told[1], Reach):
            self._end_of_files()
            self._show(str(told[0]), told[1])

    def _end_of_files(self) -> None:
        """Show that all files are in: what is told of them comes before each, and not after the last."""
        if before := self._taking_in:
            self._taking_in = None
            seconds = time.perf_counter() - self.started
            self.shown.tell(TAKING_IN, replace(before, done=before.total, seconds=seconds, share=None))

    def _show(self, step: str, reach: Reach) -> None:
        stage = self._stages.get(step)
        if stage is None:
            self.shown.tell(step, reach)
            return
        done, rows = min(stage.done + reach.done, stage.total), stage.rows + reach.rows
        seconds = time.perf_counter() - stage.started
        self.shown.tell(step, replace(reach, done=done, total=stage.total, rows=rows, seconds=seconds))
        if reach.done == reach.total:
            stage.done, stage.rows = done, rows
