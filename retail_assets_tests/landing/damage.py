"""Files built from known rows, well formed or damaged in known ways, in every encoding that a source may choose."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from retail_assets_tests.building import COLUMNS, event

Values = tuple[str | None, ...]
"""The nine received values in the order of COLUMNS."""
PLAIN = tuple(event().values())
BRANDS = (
    None, "samsung", "Nestlé", "日本語", "O'Neil", 'inch 5"', 'the "best"', "a,b", "two\nlines", "two\r\nlines",
    " pad ", "null",
)  # fmt: skip
TYPES = ("view", "view", "cart", "purchase", " View", "remove_from_cart")
PRICES = ("130.76", "1", " 9.9 ", "0.0001")
NEWLINES = {"LF": ("\n",), "CRLF": ("\r\n",), "mixed": ("\n", "\r\n", "\n")}
DAMAGE = ("too_many_columns", "too_few_columns", "unterminated_quote", "bad_quotes", "header_row", "bad_event_time")


@dataclass(frozen=True)
class Record:
    """A record of a text: as it is written, without its newline, and what must be found of it.

    A good record has ``values`` and no ``reason``; one that lacks both is blank, and no record at all.
    """

    text: str
    values: Values | None = None
    reason: str = ""


@dataclass(frozen=True)
class Layout:
    """How a source writes its files."""

    columns: tuple[str, ...] = COLUMNS
    """The nine columns in any order, and others between them."""
    header: tuple[str, ...] = COLUMNS
    """Their names as the header spells them."""
    newlines: tuple[str, ...] = ("\n",)
    """Used in turn."""
    ends_with_newline: bool = True
    has_mark: bool = False
    """Whether a byte-order mark leads the text."""
    quotes_all: bool = False

    def line(self, values: Values) -> str:
        """The values as a record, quoted where that is needed, or everywhere."""
        known = dict(zip(COLUMNS, values, strict=True))
        fields = [known.get(name, "x") for name in self.columns]
        return ",".join(quoted(field, always=self.quotes_all) for field in fields)


def quoted(field: str | None, *, always: bool = False) -> str:
    """A field as CSV writes it."""
    text = field or ""
    is_odd = any(char in text for char in ",\r\n") or text.lstrip(" ").startswith('"')
    return '"' + text.replace('"', '""') + '"' if always or is_odd else text


@st.composite
def rows(draw: st.DrawFn, days: Sequence[str], brands: Sequence[str | None] = BRANDS) -> Values:
    """A good row."""
    second = draw(st.sampled_from(range(60)))
    day, kind = draw(st.sampled_from(days)), draw(st.sampled_from(TYPES))
    changes = {"brand": draw(st.sampled_from(brands)), "price": draw(st.sampled_from(PRICES))}
    return tuple(event(event_time=f"{day} 00:00:{second:02d} UTC", event_type=kind, **changes).values())


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Any way of writing the same rows."""
    columns = tuple(draw(st.permutations([*COLUMNS, *draw(st.sampled_from([(), (), ("note",)]))])))
    spelled = draw(st.sampled_from([str, str.upper, " {} ".format, '"{}"'.format]))
    return Layout(
        columns=columns,
        header=tuple(map(spelled, columns)),
        newlines=NEWLINES[draw(st.sampled_from(sorted(NEWLINES)))],
        ends_with_newline=draw(st.booleans()),
        has_mark=draw(st.booleans()),
        quotes_all=draw(st.booleans()),
    )


@st.composite
def records(draw: st.DrawFn, layout: Layout, values: Values) -> list[Record]:
    """The row as it stands in a file, or one that was damaged in its stead."""
    kind = draw(st.sampled_from(("good",) * 6 + ("control", "blank", "free") + DAMAGE))
    if kind == "free":
        return [_with(layout, values, price="free")]
    if kind == "control":
        dirty = layout.line(replaced(values, brand="sam\0sung\x01"))
        return [Record(dirty, replaced(values, brand="samsung"))]
    if kind == "blank":
        return [Record(draw(st.sampled_from(("", " ", "\t"))), None), Record(layout.line(values), values)]
    return damaged(layout, values, kind)


def damaged(layout: Layout, values: Values, kind: str) -> list[Record]:
    """The row with damage of a kind; after an open quote comes a plain line, which shows that it is one."""
    plain, line = layout.line(PLAIN), layout.line(values)
    bare = Layout(layout.columns).line(PLAIN)
    if kind == "too_many_columns":
        return [Record(line + ",", None, kind)]
    if kind == "too_few_columns":
        return [Record(bare.rpartition(",")[0], None, kind)]
    if kind == "unterminated_quote":
        return [Record(bare.replace("samsung", '"samsung'), None, kind), Record(plain, PLAIN)]
    if kind == "bad_quotes":
        return [Record(bare.replace("samsung", '"the "best" phone"'), None, kind)]
    if kind == "header_row":
        return [Record(",".join(layout.header), tuple(_unquoted(layout, name) for name in COLUMNS), kind)]
    if kind == "bad_event_time":
        late = replaced(values, event_time="yesterday")
        return [Record(layout.line(late), late, kind)]
    return [Record(line, values)]


def _with(layout: Layout, values: Values, **changes: str) -> Record:
    return Record(layout.line(replaced(values, **changes)), replaced(values, **changes))


def _unquoted(layout: Layout, name: str) -> str:
    return layout.header[layout.columns.index(name)].strip('"')


def replaced(values: Values, **changes: str | None) -> Values:
    """The row with some values changed."""
    return tuple({**dict(zip(COLUMNS, values, strict=True)), **changes}.values())


def text_of(layout: Layout, content: Sequence[Record]) -> tuple[str, dict[int, Record]]:
    """The text of a file, and every record by the number of its first line."""
    pieces, placed, line = [], {}, 1
    for number, record in enumerate([Record(",".join(layout.header)), *content]):
        if number and (record.values or record.reason):
            placed[line] = record
        pieces += [record.text, layout.newlines[number % len(layout.newlines)]]
        line += record.text.count("\n") + 1
    text = "".join(pieces if layout.ends_with_newline else pieces[:-1])
    return ("\ufeff" if layout.has_mark else "") + text, placed


Packing = Literal["csv", "csv.gz", "members.csv.gz", "packed.csv"]
PACKINGS: tuple[Packing, ...] = ("csv", "csv.gz", "members.csv.gz", "packed.csv")


def packed(text: str, packing: Packing) -> bytes:
    """The bytes of a text file: plain, gzipped, as two gzip members, or gzipped under a plain name."""
    content = text.encode()
    if packing == "csv":
        return content
    if packing == "members.csv.gz":
        middle = len(content) // 2
        return gzip.compress(content[:middle], mtime=0) + gzip.compress(content[middle:], mtime=0)
    return gzip.compress(content, mtime=0)


def parquet(content: Sequence[Values], codec: str, group: int, *, is_dictionary: bool) -> bytes:
    """The rows as a Parquet file."""
    columns = dict(zip(COLUMNS, zip(*content, strict=True), strict=True)) if content else dict.fromkeys(COLUMNS, ())
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=codec, row_group_size=group, use_dictionary=is_dictionary)
    return sink.getvalue()


def fields_of(text: str) -> list[str]:
    """The fields of one record, by Python's own reader."""
    return next(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True), [])
