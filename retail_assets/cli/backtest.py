"""`retail backtest`: how good forecasts of a table of daily series would have been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_assets.cli.long_tables import GroupsOption, HorizonOption, InputOption, ModelName, ModelOption, open_table
from retail_assets.cli.options import Format, FormatOption
from retail_assets.cli.output import Column, Table, grouped, note, print_table, say, show, show_json

if TYPE_CHECKING:
    from retail_assets.forecasting.backtest import Backtest

FIGURES = ("wmape", "mase", "rmsse", "bias", "sum_wmape", "coverage")


def backtest(
    source: InputOption,
    horizon: HorizonOption = 28,
    origins: Annotated[int, typer.Option("--origins", min=1, help="Origins, each a horizon before the next.")] = 3,
    model: ModelOption = ModelName.default,
    groups: GroupsOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell how good forecasts of a table would have been.

    The table holds daily series: unique_id, ds and y (units sold). From each of the last origins, the model and the
    baselines forecast what is known by now. RMSSE and bias decide:
    WMAPE and MASE favour forecasts that are too low. sum_wmape is the WMAPE of each series' sum over the horizon,
    coverage the share of days within the 10 % and 90 % quantiles. The exit code is 0 whether the model wins or not.
    """
    from retail_assets.forecasting.backtest import as_document
    from retail_assets.forecasting.backtest import backtest as backtest_panel

    table = open_table(source, groups, horizon)
    found = backtest_panel(table.panel, horizon, origins, model.value)
    if form is Format.json:
        panel = table.panel
        facts = {
            "series": len(panel.ids),
            "first_day": panel.start,
            "last_day": panel.end,
            "groups": list(panel.groups),
        }
        show_json({**facts, "filled_days": table.filled_days, **as_document(found)})
        return
    if form is Format.csv:
        show(Table.of(("model", "demand_class", "origin", "figure", "value"), _facts(found)), form)
        return
    _print(found)


def _print(found: Backtest) -> None:
    from retail_assets.forecasting.backtest import ALL

    say(f"{found.horizon} days ahead of {', '.join(map(str, found.origins))}", style="bold")
    columns = [Column("model"), Column("class"), Column("series", look=grouped), *(Column(name) for name in FIGURES)]
    classes = list(dict.fromkeys(score.demand_class for score in found.scores))
    rows = [_row(found, name, ALL) for name in found.models()]
    print_table(Table([*columns, Column("wrmsse")], rows, absent="-"))
    print_table(Table(columns, [_row(found, found.model, kind)[:-1] for kind in classes if kind != ALL], absent="-"))
    verdict = found.verdict()
    say(f"{verdict.reason}.", style="green" if verdict.earned else "yellow")
    if not verdict.earned:
        note(f"Publish {verdict.publish} instead.")


def _row(found: Backtest, model: str, demand_class: str) -> tuple[Any, ...]:
    mean = found.mean(model, demand_class)
    series = round(mean["series"] or 0)
    wrmsse = _rounded(found.wrmsse(model))
    return (model, demand_class, series, *(_rounded(mean[name]) for name in FIGURES), wrmsse)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _facts(found: Backtest) -> Iterator[tuple[Any, ...]]:
    """Everything as one fact a row: the form in which spreadsheets and programs pivot it as they like."""
    for score in found.scores:
        for name in ("series", "units", *FIGURES, "unscaled"):
            yield score.model, score.demand_class, score.origin, name, getattr(score.accuracy, name)
    for run in found.runs:
        yield run.model, "all", run.origin, "wrmsse", run.wrmsse
        yield run.model, "all", run.origin, "seconds", round(run.seconds, 3)
