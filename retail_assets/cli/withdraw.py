"""`retail withdraw`: let the rows of landed files leave."""

from __future__ import annotations

from typing import Annotated

import typer

from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.output import note, plural, say


def withdraw(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", show_default=False, help="Names of landed files, as in retail status."),
    ],
) -> None:
    """Let the rows of landed files leave.

    Their rows leave every dataset with the next backfill, or by themselves where the sensors are on; other files that
    hold the same bytes are withdrawn with them. The files themselves stay in landing and are left alone. One that is
    delivered anew lands again.
    """
    platform = open_platform()
    entries = platform.landing.files()
    names = [platform.landing.name_of(name) for name in files]
    for entry in platform.landing.withdraw(names):
        rows = plural(entries[entry.name].rows, "row")
        also = "" if entry.name in names else ", which holds the same bytes"
        say(f"{entry.name}{also}: withdrawn, {rows}, {plural(len(entry.parts), 'date')}")
    note(f"Next: {command_line('backfill')}")
