"""`retail forecast`: the coming days of any table of daily series."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.long_tables import GroupsOption, HorizonOption, InputOption, ModelName, ModelOption, open_table
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Table, note, plural, show

if TYPE_CHECKING:
    from retail_assets.forecasting.forecast import Forecast

COLUMNS = ("unique_id", "ds", "day_ahead", "mean", "q10", "q50", "q90", "model", "origin")
ROWS_IN_A_TABLE = 100


def forecast(
    source: InputOption,
    horizon: HorizonOption = 28,
    model: ModelOption = ModelName.default,
    groups: GroupsOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.parquet", help="Write all rows to this Parquet file.")
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Forecast the days after the last of a table.

    It has the columns unique_id, ds and y (units sold), as Parquet or CSV; days that it does not hold count 0. A
    forecast is a mean with the 10 %, 50 % and 90 % quantiles. `retail backtest` tells how good it is.
    """
    from retail_assets.forecasting.forecast import forecast as forecast_panel

    table = open_table(source, groups, horizon)
    found = forecast_panel(table.panel, horizon, model.value)
    if output:
        _write(found, output)
        note(f"{plural(len(found.ids), 'series', 'series')}, {plural(horizon, 'day')} each: {output}")
        return
    most = ROWS_IN_A_TABLE if form is Format.table else None
    show(Table.of(COLUMNS, _rows(found, most)), form)
    if most and len(found.ids) * horizon > most:
        note(f"The first {most} rows; --output FILE.parquet or --format csv gives all.")


def _rows(found: Forecast, most: int | None = None) -> Iterator[tuple[Any, ...]]:
    told = 0
    for position, unique_id in enumerate(found.ids):
        for ahead in range(1, found.horizon + 1):
            if most is not None and told == most:
                return
            told += 1
            values = (round(float(part[position, ahead - 1]), 4) for part in found.parts)
            yield (str(unique_id), found.origin + timedelta(days=ahead), ahead, *values, found.model, found.origin)


def _write(found: Forecast, path: Path) -> None:
    """Write the rows to a file beside the target first: readers see all or nothing."""
    import pyarrow.parquet as pq

    from retail_assets.engine.durability import make_durable

    part = path.with_name(f".{path.name}.new")
    try:
        pq.write_table(found.to_arrow(), part, compression="zstd")
        make_durable([part])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
