"""`retail report`: what happened, what is expected and what is wrong, as one HTML file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from retail_assets.cli.opening import open_platform
from retail_assets.cli.options import FromOption, ToOption, parse_day, require_order
from retail_assets.cli.output import human_bytes, note


def report(
    day: Annotated[
        date | None,
        typer.Option("--date", parser=parse_day, metavar="YYYY-MM-DD", help="The weeks up to this UTC date."),
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.html", show_default="DATA_DIR/reports/…", help="Where to write it.")
    ] = None,
) -> None:
    """Write a report that can be mailed: one HTML file.

    What happened, against the period before; what is expected; what is wrong with the data. Its charts need no network,
    no script and no server, and it fits a phone and a printer. By default it tells of up to four weeks before the last
    date that there is. Prints the file's name.
    """
    from retail_assets.questions.period import Period
    from retail_assets.report.writing import write_report

    if day and (first or last):
        raise typer.BadParameter("--date goes without --from and --to.")
    if bool(first) != bool(last):
        raise typer.BadParameter("--from and --to go together.")
    require_order(first, last)
    platform = open_platform()
    period = Period(first, last) if first and last else None
    path = output.expanduser().absolute() if output else None
    written = write_report(platform.settings, period=period, last=day, path=path, blocked=platform.landing.blocked())
    note(f"{written.content.period}, {human_bytes(written.path.stat().st_size)}")
    typer.echo(str(written.path))
