"""Events as Hypothesis draws them: few keys, odd spellings, gaps, ties, defects and times around midnight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import assume
from hypothesis import strategies as st

from retail_assets_tests.oracles.clickstream import ReceivedFile
from retail_assets_tests.oracles.verdicts import Row

AS_OF = datetime(2021, 6, 30, 12, 0)
"""When everything lands: later than every good event."""
FIRST_DAYS = (date(2019, 9, 24), date(2019, 12, 20), date(2020, 2, 10), date(2021, 3, 20))
"""A month's end, a year's end, a leap day, and the weeks in which clocks change."""

PRODUCTS = (
    "1004856", "001004856", "18446744073709551617", " 1004856 ", "a/b", "k=v", "two words", "O'Neil", 'the "best"',
    "Größe 38", "日本語", "100%", "..", "date=2019-10-01", "__HIVE_DEFAULT_PARTITION__", "\\N", "a,b;c|d", "${brand}",
    "1e5",
)  # fmt: skip
CATEGORIES = (None, None, "electronics.smartphone", " Electronics.Smartphone", "apparel/shoes", "a=b", "Bücher", "  ")
BRANDS = (
    None, "samsung", "Samsung", "SAMSUNG ", "sam\u200bsung", "\ufeffsamsung\u00a0", "Nestlé", "O'Neil", "h&m", "\u200b",
)  # fmt: skip
PRICES = ("9.99", "10", "0.5", " 3.50 ", "1299.00", "0.0001", "2.00005", "2.000049", "7.123456", "+4", "33.3333")
USERS = ("541312140", "0541312140", "9223372036854775808", "u/1", " 7 ")
SESSIONS = (None, "72d76fde-8bb3-4e00-8c23-a032dfed738c", "s 2")
CATEGORY_IDS = (None, "2053013555631882655", " 1 ")
EVENT_TYPES = ("view", "view", "view", "cart", "purchase", "purchase", "View", " PURCHASE ", "cart\t")
SECONDS = (0, 0, 1, 43_200, 86_398, 86_399)
OFFSETS = (0, 3 * 60, -8 * 60, 5 * 60 + 45, 14 * 60, -12 * 60)
ZONES = ("UTC", "Z", "naive", "offset", "offset", "short")
DEFECTS: tuple[dict[str, str | None], ...] = (
    {"event_time": "event_time", "event_type": "event_type", "product_id": "product_id", "price": "price"},
    {"event_time": "2019-02-30 00:00:00 UTC"},
    {"event_time": "1569888000"},
    {"event_time": None},
    {"event_time": "2015-12-31 23:59:59 UTC"},
    {"event_time": "2016-01-01 02:00:00 +03:00"},
    {"event_time": "2021-06-30 12:05:01 UTC"},
    {"event_type": " Remove_From_Cart", "product_id": None, "price": "free"},
    {"event_type": "remove_from_cart"},
    {"event_type": "wishlist", "product_id": None},
    {"event_type": None},
    {"product_id": " "},
    {"product_id": "NULL", "user_id": None},
    {"user_id": "null", "price": "0"},
    {"product_id": "2.10381E+18", "price": "NaN"},
    {"category_id": "2e+18"},
    {"price": "0"},
    {"price": "0.00004"},
    {"price": "-1.5"},
    {"price": "NaN"},
    {"price": "Infinity"},
    {"price": "1.234,56"},
    {"price": "€9"},
    {"price": "1_000"},
    {"price": "100000000000000"},
    {"price": None},
)


@dataclass(frozen=True)
class Delivery:
    """What was received, in files, and the dates that are built though nothing came for them."""

    rows: tuple[Row, ...]
    empty_dates: frozenset[date]
    parts: tuple[int, ...]
    """The file that each row comes in."""

    @property
    def files(self) -> tuple[ReceivedFile, ...]:
        """The rows in their files."""
        return in_files(self.rows, self.parts)


def in_files(rows: Sequence[Row], parts: Sequence[int]) -> tuple[ReceivedFile, ...]:
    """Rows in files: each row in the file of its number."""
    chosen = {number: [row for row, part in zip(rows, parts, strict=True) if part == number] for number in set(parts)}
    return tuple(ReceivedFile(f"part {number}.csv", tuple(chosen[number])) for number in sorted(chosen))


@st.composite
def deliveries(draw: st.DrawFn, most_dates: int = 6) -> Delivery:
    """A few dozen events on some dates within six weeks, with gaps between them, in up to three files."""
    first = draw(st.sampled_from(FIRST_DAYS))
    spread = draw(st.lists(st.sampled_from(range(40)), min_size=3, max_size=most_dates, unique=True))
    days = [first + timedelta(days=n) for n in spread]
    quiet = draw(st.sampled_from(range(3)))
    with_events, empty = days[quiet:], days[:quiet]
    rows = draw(st.lists(received_rows(with_events), min_size=25, max_size=70))
    # Hypothesis begins with the plainest example there is: many times the same row. It is not worth a build.
    assume(len({row["event_time"] for row in rows}) > 5)
    repeats = draw(st.lists(st.sampled_from(rows), max_size=8))
    everything = draw(st.permutations([*rows, *repeats]))
    parts = draw(st.lists(st.sampled_from(range(3)), min_size=len(everything), max_size=len(everything)))
    return Delivery(tuple(everything), frozenset(empty), tuple(parts))


@st.composite
def received_rows(draw: st.DrawFn, days: Sequence[date]) -> Row:
    """A row as received: mostly a good one, at times with a defect."""
    row: dict[str, str | None] = {
        "event_time": draw(event_times(days)),
        "event_type": draw(st.sampled_from(EVENT_TYPES)),
        "product_id": draw(st.sampled_from(PRODUCTS)),
        "category_id": draw(st.sampled_from(CATEGORY_IDS)),
        "category_code": draw(st.sampled_from(CATEGORIES)),
        "brand": draw(st.sampled_from(BRANDS)),
        "price": draw(st.sampled_from(PRICES)),
        "user_id": draw(st.sampled_from(USERS)),
        "user_session": draw(st.sampled_from(SESSIONS)),
    }
    has_defect = draw(st.sampled_from(range(6))) == 5
    return {**row, **draw(st.sampled_from(DEFECTS))} if has_defect else row


@st.composite
def event_times(draw: st.DrawFn, days: Sequence[date]) -> str:
    """A moment of one of the days, in one of the spellings that mean the same."""
    midnight = datetime.combine(draw(st.sampled_from(days)), datetime.min.time(), UTC)
    at = midnight + timedelta(seconds=draw(st.sampled_from(SECONDS)))
    form = draw(st.sampled_from(ZONES))
    if form == "naive":
        return f"{at:%Y-%m-%d %H:%M:%S}"
    if form in ("UTC", "Z"):
        return f"{at:%Y-%m-%d %H:%M:%S} UTC" if form == "UTC" else f"{at:%Y-%m-%dT%H:%M:%S}Z"
    minutes = draw(st.sampled_from(OFFSETS))
    local = at.astimezone(timezone(timedelta(minutes=minutes)))
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    if form == "short":
        return f"{local:%Y-%m-%d %H:%M:%S}.250{sign}{hours:02d}{rest:02d}"
    return f"{local:%Y-%m-%d %H:%M:%S} {sign}{hours:02d}:{rest:02d}"
