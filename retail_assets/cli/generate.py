"""`retail generate`: the synthetic shop's files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retail_assets.cli.land import deliver_all, inbox_of, tell_delivered
from retail_assets.cli.opening import command_line
from retail_assets.cli.options import EndOption, StartOption
from retail_assets.cli.output import grouped, human_bytes, note, plural, say
from retail_assets.cli.progress import meter

if TYPE_CHECKING:
    from retail_assets.settings import Settings
    from retail_assets.sources.synthetic_shop import ShopPlan, ShopTruth

DEFAULT_FROM = date(2019, 10, 1)
DEFAULT_TO = date(2019, 10, 31)


def generate(
    events: Annotated[int, typer.Option(min=1, help="Rows in all, bad ones and repeats included.")] = 100_000,
    first: StartOption = DEFAULT_FROM,
    last: EndOption = DEFAULT_TO,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows; another one another shop.")] = 0,
    form: Annotated[Literal["csv", "csv.gz", "parquet"], typer.Option("--format", help="Kind of files.")] = "csv",
    per: Annotated[Literal["hour", "day", "month"], typer.Option(help="What one file covers.")] = "day",
    bad_share: Annotated[float, typer.Option(help="Share of rows that cleaning must reject or remove.")] = 0.001,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", show_default="DATA_DIR/generated", help="Where the files go.")
    ] = None,
    lands: Annotated[bool, typer.Option("--land", help="Copy the files into landing straight away.")] = False,
) -> None:
    """Write a synthetic shop's events, and the truth beside them.

    Sessions that view, cart and purchase, in REES46's nine columns, with seasons, promotions and a known number of
    every kind of bad row. The truth file says what cleaning must make of them.
    """
    from retail_assets.settings import settings
    from retail_assets.sources.synthetic_shop import ShopPlan

    folder = (output or settings().data_dir / "generated").expanduser().absolute()
    try:
        plan = ShopPlan(events, first, last, seed=seed, file_format=form, per_file=per, bad_share=bad_share)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    truth = write_shop(plan, folder, settings())
    size = sum(file.bytes for file in truth.files)
    say(f"{grouped(truth.rows)} rows in {plural(len(truth.files), 'file')}, {human_bytes(size)}, in {folder}")
    say(f"What cleaning must make of them stands in {plan.truth_name}.")
    if lands:
        paths = {file.name: folder / file.name for file in truth.files}
        inbox = inbox_of(settings())
        tell_delivered(deliver_all(paths, inbox), inbox)
        note(f"Next: {command_line('backfill')}")
    elif folder != settings().landing_dir:
        note(f"Next: {command_line(f'land {folder}')}")


def write_shop(plan: ShopPlan, folder: Path, settings: Settings) -> ShopTruth:
    """Generate the shop with progress, within the platform's threads and memory."""
    from retail_assets.engine.session import memory_limit_mb, thread_count
    from retail_assets.sources.synthetic_shop import generate_shop

    with meter() as shown:
        return generate_shop(
            plan,
            folder,
            threads=thread_count(settings),
            memory_limit_mb=memory_limit_mb(settings),
            on_progress=lambda done, total, name: shown.show("generating files", done, total),
        )
