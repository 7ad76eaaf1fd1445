"""`retail replay`: readmit events that came too late, and bring back mended rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.backfill import require_files, run_backfill, show_report
from retail_assets.cli.land import check_event_file, deliver_all
from retail_assets.cli.opening import open_platform
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import note, plural, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retail_assets.assets.platform import Platform
    from retail_assets.landing.ledger import LandedFile

MOST_NAMES = 5


def replay(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="Names of landed files, or paths of files with mended rows. Without any: every file with late events.",
        ),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Readmit late events, bring back mended rows.

    Events for closed days wait in quarantine as too_late. This admits them, then backfills. For rows rejected for
    another reason: export them (retail rejected --export), mend them and replay the mended file. After a mend of the
    rules or the settings all rows are judged anew by themselves, here as in any backfill.
    """
    platform = open_platform()
    names = _bring(platform, files or [])
    require_files(platform)
    platform.landing.take_in()
    _tell(platform.landing.readmit(names))
    report = run_backfill(platform)
    show_report(report, form)
    if not report.succeeded:
        raise typer.Exit(1)


def _bring(platform: Platform, given: Sequence[str]) -> list[str]:
    """The names under which the files land; those from outside of landing are copied there."""
    landing = platform.landing
    landed = landing.files()
    names: dict[str, Path | None] = {}
    for text in given:
        path, name = Path(text), landing.name_of(text)
        if name == text and name not in landed and path.is_file():
            check_event_file(path)
            names[path.name] = path
        else:
            names[name] = None
    deliver_all({name: path for name, path in names.items() if path}, landing.inbox)
    return list(names)


def _tell(readmitted: Sequence[LandedFile]) -> None:
    if readmitted:
        names = some([entry.name for entry in readmitted], MOST_NAMES)
        note(f"{plural(len(readmitted), 'file')} read again, late events admitted: {names}")
    else:
        note("No event of these files waits for having come too late.")
