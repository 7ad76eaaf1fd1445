"""`retail demo`: a whole platform from nothing, in a minute or two."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.backfill import run_backfill, show_report
from retail_assets.cli.demo_shop import with_shop_database
from retail_assets.cli.generate import write_shop
from retail_assets.cli.land import Delivery, deliver_all
from retail_assets.cli.opening import command_line, open_platform
from retail_assets.cli.options import EndOption, Format, StartOption, require_order
from retail_assets.cli.output import human_bytes, plural, say
from retail_assets.inspection.instance import open_definitions, open_instance

if TYPE_CHECKING:
    from retail_assets.automation.backfill_report import BackfillReport
    from retail_assets.settings import Settings
    from retail_assets.sources.synthetic_shop import ShopPlan, ShopTruth

SEED = 2019
FIRST = date(2019, 10, 28)
LAST = date(2019, 12, 8)
NEXT = ("status", "rejected", "lineage features.MA7", "query \"FROM features WHERE key_type = 'brand' LIMIT 5\"")
UI = "http://127.0.0.1:3000"


def demo(
    events: Annotated[int, typer.Option(min=1, help="Events of the synthetic shop.")] = 400_000,
    first: StartOption = FIRST,
    last: EndOption = LAST,
) -> None:
    """Make sample data, build everything from it, show results.

    Six weeks of a synthetic shop, Black Friday among them, are landed and built through Dagster. A second run
    changes nothing and takes seconds.
    """
    require_order(first, last)
    settings = run_demo(events, first, last)
    _tell_next(settings)


def run_demo(events: int, first: date, last: date, generated: Path | None = None) -> Settings:
    """Build the shop on the platform of the settings in force and show it; its files are kept in ``generated``.

    Raises:
        Exit: something was not built; what and why has been told.
    """
    from retail_assets.cli.summary import print_summary
    from retail_assets.sources.synthetic_shop import ShopPlan

    started = time.monotonic()
    require_order(first, last)
    opened = open_platform()
    plan = ShopPlan(events, first, last, seed=SEED)
    folder = generated or opened.settings.data_dir / "generated"
    truth, is_new = shop(plan, folder, opened.settings)
    delivery = deliver_all({file.name: folder / file.name for file in truth.files}, opened.landing.inbox)
    with with_shop_database(opened, first, last) as platform:
        report = run_backfill(platform, forecasts=True)
    if not report.succeeded:
        show_report(report, Format.table)
        raise typer.Exit(1)
    _tell_work(truth, delivery, report, is_new=is_new)
    with open_instance(platform.settings) as instance:
        print_summary(platform, instance, open_definitions(platform.settings), truth)
    _tell_cost(time.monotonic() - started)
    return platform.settings


def shop(plan: ShopPlan, folder: Path, settings: Settings) -> tuple[ShopTruth, bool]:
    """The shop's truth, and whether its files had to be written; those of an earlier run are as good as new ones."""
    from retail_assets.sources.synthetic_shop import ShopTruth

    try:
        truth = ShopTruth.read(folder / plan.truth_name)
        if truth.plan == plan and all((folder / file.name).stat().st_size == file.bytes for file in truth.files):
            return truth, False
    except (OSError, ValueError, KeyError, TypeError):
        pass  # there is none, or one of another version
    return write_shop(plan, folder, settings), True


def _tell_work(truth: ShopTruth, delivery: Delivery, report: BackfillReport, *, is_new: bool) -> None:
    files, size = plural(len(truth.files), "daily file"), human_bytes(sum(file.bytes for file in truth.files))
    say(f"A synthetic shop from {truth.plan.start} to {truth.plan.end}: {files}, {size}", style="bold")
    made = sum(stage.made for stage in report.stages)
    kept = sum(stage.up_to_date for stage in report.stages)
    if not is_new and not delivery.copied and made == 0:
        say(f"Nothing changed: all files were there, byte for byte, and all {kept:,} partitions are up to date.")
    else:
        were = "generated" if is_new else "there already"
        say(f"Files: {were}, {len(delivery.copied):,} copied into landing, {len(delivery.unchanged):,} unchanged.")
        say(f"Partitions: {made:,} made through Dagster, {kept:,} up to date.")


def _tell_cost(seconds: float) -> None:
    from retail_assets.engine.memory import peak_memory_bytes

    say(f"{seconds:.0f} seconds, {human_bytes(peak_memory_bytes())} of memory at most.")


def _tell_next(settings: Settings) -> None:
    from retail_assets.automation.instance import PROJECT

    ui = "make dev" if settings.data_dir == PROJECT / "data" else command_line("dev")
    typer.echo(f"\nLook at it:  {ui}, then open {UI}")
    for command in NEXT:
        typer.echo(f"             {command_line(command)}")
