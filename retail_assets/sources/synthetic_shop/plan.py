"""What shop to generate: size, days, seed, form of the files and share of bad rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import isqrt
from typing import Literal, get_args

FileFormat = Literal["csv", "csv.gz", "parquet"]
FilePeriod = Literal["hour", "day", "month"]

MAX_EVENTS = 2_000_000_000
MIN_PRODUCTS = 10
MAX_PRODUCTS = 1_000_000
MAX_BAD_SHARE = 0.2
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2099, 12, 31)


@dataclass(frozen=True)
class PlannedFile:
    """One file of the feed: it holds the events of ``begins <= event_time < ends`` (UTC)."""

    name: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class ShopPlan:
    """A shop to generate. The same plan gives the same rows, on any number of threads.

    ``events``: rows written in total, bad ones and repeats included.
    ``start``, ``end``: first and last UTC day, both included.
    ``seed``: any whole number; another seed is another shop.
    ``products``: products on sale at any one time; the successors of retired ones come on top. Unset: as many as
    REES46's shop showed in so many events.
    ``file_format``: Parquet holds the same nine columns, all as text, so that it can hold every bad value.
    ``per_file``: the period that one file covers; a period without events is a file without rows.
    ``bad_share``: share of rows that cleaning must reject, or remove as duplicates. A third as many
    ``remove_from_cart`` and half as many odd but good rows come on top. From 1,000 events on every kind occurs;
    0 is a perfectly clean feed.
    """

    events: int
    start: date
    end: date
    seed: int = 0
    products: int | None = None
    file_format: FileFormat = "csv"
    per_file: FilePeriod = "day"
    bad_share: float = 0.001

    def __post_init__(self) -> None:
        """Refuse what cannot be generated."""
        self._check_range()
        self._check_files()
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name, number in (("seed", self.seed), ("events", self.events), ("products", self.products or MIN_PRODUCTS)):
            if type(number) is not int:
                raise ValueError(f"{name} must be a whole number, not {number!r}")
        if not 1 <= self.events <= MAX_EVENTS:
            raise ValueError(f"events must be between 1 and {MAX_EVENTS:,}, not {self.events:,}")
        if self.products is not None and not MIN_PRODUCTS <= self.products <= MAX_PRODUCTS:
            raise ValueError(f"products must be between {MIN_PRODUCTS} and {MAX_PRODUCTS:,}, not {self.products:,}")
        if not 0 <= self.bad_share <= MAX_BAD_SHARE:
            raise ValueError(f"bad_share must be between 0 and {MAX_BAD_SHARE}, not {self.bad_share}")

    def _check_range(self) -> None:
        if isinstance(self.start, datetime) or isinstance(self.end, datetime):
            raise ValueError("start and end must be dates without a time")
        if self.end < self.start:
            raise ValueError(f"end {self.end} is before start {self.start}")
        if self.start < FIRST_DAY or self.end > LAST_DAY:
            raise ValueError(f"the range {self.start} to {self.end} must lie between {FIRST_DAY} and {LAST_DAY}")

    def _check_files(self) -> None:
        if self.file_format not in get_args(FileFormat):
            raise ValueError(f"file_format must be one of {get_args(FileFormat)}, not {self.file_format!r}")
        if self.per_file not in get_args(FilePeriod):
            raise ValueError(f"per_file must be one of {get_args(FilePeriod)}, not {self.per_file!r}")

    @property
    def catalogue_size(self) -> int:
        """Products on sale at any one time: REES46 showed 166,794 in 42.4 M events and about 600 in 1,000."""
        derived = min(max(isqrt(656 * self.events), 100), MAX_PRODUCTS)
        return derived if self.products is None else self.products

    @property
    def truth_name(self) -> str:
        """Name of the truth file, which no event file can have."""
        return f"events_{self.start}_{self.end}.truth.json"

    def files(self) -> Iterator[PlannedFile]:
        """The files of the feed, in order of time."""
        begins, closes = midnight(self.start), midnight(self.end + timedelta(days=1))
        while begins < closes:
            ends = min(self._period_end(begins), closes)
            yield PlannedFile(f"events_{self._stamp(begins)}.{self.file_format}", begins, ends)
            begins = ends

    def _period_end(self, begins: datetime) -> datetime:
        if self.per_file == "hour":
            return begins + timedelta(hours=1)
        if self.per_file == "day":
            return begins + timedelta(days=1)
        return (begins.replace(day=1) + timedelta(days=31)).replace(day=1)

    def _stamp(self, begins: datetime) -> str:
        return begins.strftime({"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}[self.per_file])


def midnight(day: date) -> datetime:
    """The first instant of a day."""
    return datetime.combine(day, time.min)
