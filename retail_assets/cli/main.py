"""The `retail` command: global options, the commands, and the one place where errors become a clear line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from retail_assets.cli import (
    backfill,
    backtest,
    dashboard,
    demo,
    demo_cloud,
    dev,
    diff,
    doctor,
    etl_aggregate,
    forecast,
    forget,
    generate,
    generate_shop,
    kaggle,
    land,
    lineage,
    marts,
    opening,
    publish,
    query,
    rejected,
    replay,
    report,
    status,
    versions,
    withdraw,
)
from retail_assets.inspection.errors import INTERRUPTED, explain

app = typer.Typer(
    name="retail",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: half the time, and it fits any terminal
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: tuple[Callable[..., None], ...] = (
    demo.demo,
    demo_cloud.demo_cloud,
    generate.generate,
    generate_shop.generate_shop,
    kaggle.kaggle,
    land.land,
    backfill.backfill,
    status.status,
    query.query,
    rejected.rejected,
    replay.replay,
    withdraw.withdraw,
    forget.forget,
    publish.publish,
    versions.versions,
    diff.diff,
    backtest.backtest,
    forecast.forecast,
    lineage.lineage,
    marts.marts,
    marts.new_mart,
    doctor.doctor,
    dev.dev,
    dashboard.dashboard,
    report.report,
    etl_aggregate.etl_aggregate,
)
for command in COMMANDS:
    app.command()(command)


def print_version(is_asked: bool) -> None:
    """Print the version and exit, where that is asked for."""
    if is_asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"retail-assets {version('retail-assets')}")
        except PackageNotFoundError:
            typer.echo("retail-assets, run from its folder without being installed")
        raise typer.Exit


@app.callback()
def options(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            show_default="$RETAIL_DATA_DIR, or data",
            help="The platform to work on: each folder is one of its own.",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks (also: RETAIL_DEBUG=1).")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """An open retail data platform: clickstream in, daily series, features and warehouse tables out."""
    if debug:
        os.environ["RETAIL_DEBUG"] = "1"
    opening.choose_data_dir(data_dir)
    opening.forget_settings()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exits with 0 only for success."""
    _never_fail_to_print()
    try:
        app(arguments, prog_name="retail")
    except SystemExit as done:
        if done.code == INTERRUPTED:
            _complain("interrupted; what was published stays.")
        raise
    except Exception as error:  # the one place that turns errors into a line
        if os.environ.get("RETAIL_DEBUG"):
            raise
        found = explain(error)
        _complain(found.message)
        if not found.is_expected:
            typer.echo("That is a defect of ours. RETAIL_DEBUG=1 shows the traceback: please report it.", err=True)
        sys.exit(1)


def _complain(message: str) -> None:
    typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(message, err=True)


def _never_fail_to_print() -> None:
    """A character that the terminal's encoding lacks is replaced instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
