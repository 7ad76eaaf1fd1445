"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a command prints what it found."""

    table = "table"
    json = "json"
    csv = "csv"


def parse_day(text: str | date) -> date:
    """A calendar date written as 2019-10-31; a default is one already."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date. Write it as 2019-10-31.") from None


def require_order(first: date | None, last: date | None) -> None:
    """Refuse a range that ends before it starts."""
    if first and last and first > last:
        raise typer.BadParameter(f"--from {first} lies after --to {last}. Swap the two.")


_FORM = typer.Option("--format", "-f", help="How to print it; json and csv go to stdout alone.")
_FROM = typer.Option("--from", parser=parse_day, metavar="YYYY-MM-DD", help="First UTC date.")
_TO = typer.Option("--to", parser=parse_day, metavar="YYYY-MM-DD", help="Last UTC date.")

FormatOption = Annotated[Format, _FORM]
FromOption = Annotated[date | None, _FROM]
ToOption = Annotated[date | None, _TO]
StartOption = Annotated[date, _FROM]
EndOption = Annotated[date, _TO]
