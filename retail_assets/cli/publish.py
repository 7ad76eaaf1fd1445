"""`retail publish`: features as they are now, as a version that never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import human_bytes, note, plural, say, show, some
from retail_assets.cli.progress import meter
from retail_assets.cli.versions import version_table

if TYPE_CHECKING:
    from retail_assets.versions.publishing import Outcome

MOST_DATES = 5


def publish(
    number: Annotated[
        int | None,
        typer.Option(
            "--version", min=1, metavar="N", show_default="the next number", help="Only as this version, or not at all."
        ),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Publish features as a version that never changes.

    retail_aggregates:1, :2 and so on: a folder of plain Parquet with a manifest of its files, rows, dates, columns,
    source files and code. It shares the lake's files where it can. Features that an earlier version holds already make
    no new one: that one is named again.
    """
    from retail_assets.assets.versioning import publish_features

    with meter():  # for the warning that another run is at work
        outcome = publish_features(open_platform(), number)
    if form is Format.table:
        _tell(outcome)
    else:
        show(version_table([outcome.version]), form)
    _tell_of_stale(outcome)


def _tell(outcome: Outcome) -> None:
    version = outcome.version
    if not outcome.is_new:
        since = f"; the latest is {version.name}:{outcome.latest}" if outcome.latest > version.number else ""
        say(f"features are {version.reference} already{since}")
    else:
        dates = f"{plural(len(version.dates), 'date')} from {version.dates[0]} to {version.dates[-1]}"
        files = f"{plural(len(version.files), 'file')}, {human_bytes(version.bytes)}"
        sources = plural(len(version.origin.sources), "source file")
        say(f"{version.reference}: {plural(version.rows, 'row')}, {dates}, in {files}, made from {sources}")
    say(str(version.folder))


def _tell_of_stale(outcome: Outcome) -> None:
    stale = outcome.version.origin.stale_dates
    if outcome.is_new and stale:
        named, backfill = some(stale, MOST_DATES), command_line("backfill")
        note(
            f"{plural(len(stale), 'date')} of what has landed were not made yet or are to be made again: {named}. "
            f"The version holds what there was; `{backfill}`, then publish again, makes one that holds all."
        )
