"""`retail backfill`: take in what landed and make everything that is missing or stale."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.loading import Loading
from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import Format, FormatOption, FromOption, ToOption, require_order
from retail_assets.cli.output import Column, Table, grouped, note, plural, print_table, say, show, show_json
from retail_assets.cli.progress import meter
from retail_assets.cli.watching import watching
from retail_assets.inspection.instance import instance_home, open_instance

if TYPE_CHECKING:
    from retail_assets.assets.platform import Platform
    from retail_assets.automation.backfill_report import BackfillReport
    from retail_assets.settings import Settings

MOST_REASONS = 20
MOST_DATES = 5


def backfill(
    first: FromOption = None,
    last: ToOption = None,
    force: Annotated[bool, typer.Option("--force", help="Make everything again, up to date or not.")] = False,
    include_empty: Annotated[
        bool, typer.Option("--include-empty", help="Make dates that no file has events of too, as empty days.")
    ] = False,
    forecasts: Annotated[
        bool, typer.Option("--forecasts", help="Forecast from the last date, too: 28 days of every live series.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Take in what landed and make what is missing or stale.

    Stage by stage through Dagster, for all landed dates or those from --from to --to. What is up to date stays
    untouched; a bad partition is not published and stops only what is made from it. Exits with 1 unless everything
    that was wanted is published.
    """
    require_order(first, last)
    platform = open_platform()
    require_possible_dates(platform.settings, first, last)
    needs_files = not _has_other_sources(platform.settings)
    if needs_files:
        require_files(platform)
    report = run_backfill(platform, first, last, force=force, include_empty=include_empty, forecasts=forecasts)
    if not report.dates and not report.blocked_files and needs_files:
        raise ValueError(_nothing_in_range(platform, first, last))
    show_report(report, form, include_empty=include_empty)
    if not report.succeeded:
        raise typer.Exit(1)


def run_backfill(
    platform: Platform,
    first: date | None = None,
    last: date | None = None,
    *,
    force: bool = False,
    include_empty: bool = False,
    forecasts: bool = False,
    asks_sources: bool = True,
) -> BackfillReport:
    """A backfill on the platform's persistent instance, with progress; where nothing is to be done, without it."""
    home = instance_home(platform.settings)
    report = None
    if not (force or forecasts or _has_other_sources(platform.settings) or platform.landing.pending()):
        from retail_assets.automation.settled import settled

        report = settled(platform, home, first, last, include_empty=include_empty)
    wanted = {"force": force, "include_empty": include_empty, "forecasts": forecasts, "asks_sources": asks_sources}
    return report or _run_through_dagster(platform, home, first, last, **wanted)


def _run_through_dagster(
    platform: Platform, home: Path, first: date | None, last: date | None, **wanted: bool
) -> BackfillReport:
    from retail_assets.automation.backfill_lock import backfill_lock
    from retail_assets.engine.locking import exclusive

    with (
        meter() as shown,
        watching(shown) as shows,
        Loading(platform.settings) as loading,
        exclusive(backfill_lock(platform), "backfilling"),
    ):
        taken = platform.landing.take_in(shows.on_file, meanwhile=loading.begin)
        definitions = loading.result()

        from retail_assets.automation.backfill import Backfill
        from retail_assets.automation.event_log import index_of
        from retail_assets.automation.recorded import note_recorded
        from retail_assets.automation.stages import Watcher

        with open_instance(platform.settings) as instance:
            work = Backfill(platform, definitions, instance, Watcher(file=shows.on_file, stage=shows.on_stage))
            report = work.run(first, last, taken=taken, **wanted)
            version, index = work.recorded_version(), index_of(instance)
    if version and index:  # closing has changed the index once more
        note_recorded(home, version, index)
    return report


def _has_other_sources(settings: Settings) -> bool:
    """Whether there is something to make without any landed file."""
    from retail_assets.assets.declared_sources import has_declared_sources

    return settings.has_sales or has_declared_sources(settings)


def require_possible_dates(settings: Settings, first: date | None, last: date | None) -> None:
    """Refuse dates that no partition can have."""
    today, sales = datetime.now(UTC).date(), settings.sales
    start = min(settings.start_date, sales.start_date) if settings.has_sales else settings.start_date
    for option, day in (("--from", first), ("--to", last)):
        if day and day < start:
            raise typer.BadParameter(
                f"{option} {day} lies before the platform's first day, {start} (RETAIL_START_DATE)"
            )
        if day and day > today:
            raise typer.BadParameter(f"{option} {day} lies in the future: today is {today} (UTC)")


def require_files(platform: Platform) -> None:
    """Refuse to work on nothing, which is most often another folder than the one that was meant."""
    if not platform.landing.files() and not platform.landing.pending():
        land, generate = command_line("land FILE..."), command_line("generate --land")
        raise ValueError(
            f"nothing has landed in {platform.landing.inbox.place}. Bring files with `{land}`, make some with "
            f"`{generate}`, or choose another platform with --data-dir."
        )


def _nothing_in_range(platform: Platform, first: date | None, last: date | None) -> str:
    landed = platform.landing.dates()
    known = f"the landed dates run from {landed[0]} to {landed[-1]}" if landed else "no landed file has any event"
    return f"no file has events from {first or 'the start'} to {last or 'today'}: {known}"


def show_report(report: BackfillReport, form: Format, *, include_empty: bool = False) -> None:
    """Print what the backfill did: the stages, then whatever did not go well and why."""
    if form is Format.json:
        show_json(_document(report))
    elif form is Format.csv:
        show(_stages(report), form)
    else:
        _print_files(report)
        print_table(_stages(report))
    tell_trouble(report, include_empty=include_empty)


def _stages(report: BackfillReport) -> Table:
    columns = [
        Column("stage"),
        Column("up_to_date", "up to date", grouped),
        Column("made", look=grouped),
        Column("failed", look=grouped),
        Column("without_input", "without input", grouped),
    ]
    rows = [(s.step, s.up_to_date, s.made, len(s.failed), len(s.without_input)) for s in report.stages]
    return Table(columns, rows)


def _document(report: BackfillReport) -> dict[str, Any]:
    return {
        "succeeded": report.succeeded,
        "dates": report.dates,
        "dates_without_file": report.empty_dates,
        "files": [
            {"name": file.name, "state": file.state, "rows": file.rows, "detail": file.detail} for file in report.files
        ],
        "stages": [asdict(stage) for stage in report.stages],
    }


def _print_files(report: BackfillReport) -> None:
    states = [file.state for file in report.files]
    landed, again = states.count("landed"), states.count("duplicate")
    if landed:
        rows = sum(file.rows for file in report.files if file.state == "landed")
        say(f"{plural(landed, 'new file')} taken in: {plural(rows, 'row')}.")
    if again:
        say(f"{plural(again, 'file')} ignored, because another file holds the same bytes.")


def tell_trouble(report: BackfillReport, *, include_empty: bool = False) -> None:
    """What did not go well, on stderr, so that it is seen beside any format."""
    for file in report.blocked_files:
        note(f"blocked file: {file.detail}")
    for stage in report.stages:
        if stage.failed:
            note(f"{stage.step}: {plural(len(stage.failed), 'partition')} not published; what was there before stays.")
            _tell_some(stage.reasons, "reason")
        if stage.without_input:
            note(f"{stage.step}: {plural(len(stage.without_input), 'partition')} not made, for want of an input:")
            _tell_some(stage.without_input, "partition")
    if report.empty_dates:
        shown = ", ".join(report.empty_dates[:MOST_DATES]) + (" ..." if len(report.empty_dates) > MOST_DATES else "")
        made = "made as empty days" if include_empty else "left out; --include-empty makes them as empty days"
        note(f"{plural(len(report.empty_dates), 'date')} without a file: {shown} ({made})")
    if not report.succeeded:
        note(f"Mend the cause and run `{command_line('backfill')}` again: it makes only what is still missing.")


def _tell_some(lines: tuple[str, ...], noun: str) -> None:
    for line in lines[:MOST_REASONS]:
        note(f"  {line}")
    if len(lines) > MOST_REASONS:
        note(f"  and {plural(len(lines) - MOST_REASONS, 'more ' + noun)}")
