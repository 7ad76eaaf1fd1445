"""What commands print: tables for people, JSON and CSV for programs, notes on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from retail_assets.cli.formats import plain, write_csv, write_json
from retail_assets.cli.options import Format
from retail_assets.questions.numbers import human_bytes as human_bytes

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

WIDE = 10_000
"""Characters a line may have where no terminal folds it."""
COLUMN_GAP = 2
NARROW = 13
"""Characters that a column of any content keeps at least: a date and a bit."""
DECIMALS = 6
SMALL = 0.0001
"""Numbers nearer to 0 are shown in full, for rounding would hide them."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in all formats, its heading in a table and how a value looks there.

    Text may be folded to ``folds_at`` characters, where that is not 0; an optional column is left out where room is
    short.
    """

    name: str
    heading: str = ""
    look: Callable[[Any], str] = lambda value: shown(value)
    folds_at: int = 0
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """Rows to print, and what stands for a value that is not there."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    absent: str = "NULL"

    @classmethod
    def of(cls, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
        """A table whose values are shown as they are."""
        return cls([Column(name, folds_at=NARROW) for name in names], rows)


def show(table: Table, form: Format) -> None:
    """Print the table to stdout in the wanted form."""
    names = [column.name for column in table.columns]
    if form is Format.json:
        write_json(names, table.rows, sys.stdout)
    elif form is Format.csv:
        write_csv(names, table.rows, sys.stdout)
    else:
        print_table(table)


def show_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(text: str = "", *, style: str = "", indent: int = 0) -> None:
    """Print a line for people to stdout; long lines fold at the terminal's edge."""
    from rich.padding import Padding
    from rich.text import Text

    stdout().print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))


def note(text: str) -> None:
    """Print a line to stderr, where it disturbs no data."""
    typer.echo(text, err=True)


def stdout() -> Console:
    """The terminal, or as much width as needed where there is none."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=WIDE)
    return console


def print_table(table: Table) -> None:
    """Print the table with aligned columns; where it is too wide to fold, each row as a list."""
    console = stdout()
    columns, rows = list(table.columns), list(table.rows)
    grid = _grid(columns, rows, table.absent)
    while _least_width(grid) > console.width and any(column.is_optional for column in columns):
        position = max(index for index, column in enumerate(columns) if column.is_optional)
        del columns[position]
        rows = [(*row[:position], *row[position + 1 :]) for row in rows]
        grid = _grid(columns, rows, table.absent)
    if _least_width(grid) <= console.width:
        console.print(grid)
        return
    as_list = Column("name"), Column("value", folds_at=1)
    names = [column.heading or column.name for column in columns]
    for row in rows:
        console.print(_grid(as_list, list(zip(names, row, strict=True)), table.absent, show_header=False))


def _grid(columns: Sequence[Column], rows: Sequence[Sequence[Any]], absent: str, *, show_header: bool = True) -> Grid:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_header=show_header)
    for position, column in enumerate(columns):
        is_number = show_header and _is_numeric(row[position] for row in rows)
        heading = Text(printable(column.heading or column.name))
        cells = [_cell(column, row[position], absent) for row in rows]
        width = max((cell.cell_len for cell in (heading, *cells)), default=0)
        grid.add_column(
            heading,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=not column.folds_at,
            min_width=min(width, column.folds_at or width),
        )
    for row in rows:
        grid.add_row(*(_cell(column, value, absent) for column, value in zip(columns, row, strict=True)))
    return grid


def _least_width(grid: Grid) -> int:
    return sum((column.min_width or 0) + COLUMN_GAP for column in grid.columns)


def _cell(column: Column, value: Any, absent: str) -> Text:
    from rich.text import Text

    if value is None:
        return Text(absent, style="dim")
    return Text(printable(column.look(value)))


def _is_numeric(values: Iterable[Any]) -> bool:
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and kinds <= {int, float, Decimal}


def printable(text: str) -> str:
    """The text with control characters escaped: they could move the cursor or repaint the screen."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(value: Any) -> str:
    """A value as SQL would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and (value == 0 or abs(value) >= SMALL):
        return str(round(value, DECIMALS))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def grouped(count: int) -> str:
    """A count with separators: 1,234,567."""
    return f"{count:,}"


def plural(count: int, noun: str, several: str = "") -> str:
    """A count with its noun: 1 file, 2 files."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def some(items: Iterable[str], most: int, separator: str = ", ") -> str:
    """The first of the items, and how many more there are."""
    listed = list(items)
    more = f"{separator}and {len(listed) - most:,} more" if len(listed) > most else ""
    return separator.join(listed[:most]) + more
