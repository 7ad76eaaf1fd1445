"""What `retail backtest` and `retail forecast` share: their options, and the table that they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_assets.cli.opening import open_platform
from retail_assets.cli.output import note, plural

if TYPE_CHECKING:
    from retail_assets.forecasting.reading import LongTable


class ModelName(StrEnum):
    """The models to choose from."""

    default = "default"
    ml = "ml"
    blend = "blend"


InputOption = Annotated[
    Path, typer.Option("--input", "-i", metavar="FILE", help="Table of unique_id, ds and y: Parquet or CSV.")
]
GroupsOption = Annotated[
    Path | None,
    typer.Option("--groups", metavar="FILE", help="Table of unique_id and group columns, such as store and dept."),
]
HorizonOption = Annotated[int, typer.Option("--horizon", min=1, max=366, help="Days ahead.")]
ModelOption = Annotated[
    ModelName, typer.Option("--model", help="default; ml and blend want the extra: pip install 'retail-assets[ml]'.")
]


def open_table(source: Path, groups: Path | None, horizon: int) -> LongTable:
    """Read the table, with the holidays of the configured country; says on stderr what was made of it."""
    from retail_assets.assets.calendar import holiday_names
    from retail_assets.engine.session import session
    from retail_assets.forecasting.reading import read_long_table
    from retail_assets.forecasting.winsorising import winsorised

    settings = open_platform().settings
    with session(settings) as connection:
        table = read_long_table(connection, source, groups)
    panel = table.panel
    note(f"{plural(len(panel.ids), 'series', 'series')} from {panel.start} to {panel.end}.")
    if table.filled_days:
        note(f"{plural(table.filled_days, 'day')} without a row count 0.")
    if table.ignored_columns:
        note(f"Not used: {', '.join(table.ignored_columns)}. Groups are text that never changes within a series.")
    cut = winsorised(panel)
    if cut.days:
        note(
            f"Bulk orders on {plural(cut.days, 'day')} of {plural(cut.series, 'series', 'series')} are cut by "
            f"{cut.units:,.0f} units to train on; what is compared with stays as it is."
        )
    holidays = holiday_names(settings, panel.start, panel.end + timedelta(days=horizon))
    return replace(table, panel=replace(panel, holidays=holidays))
