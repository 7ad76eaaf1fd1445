"""``python -m benchmarks forecasting``: forecasts of real series beside the baselines, and what a large table costs.

The real series are no part of the repository: they lie beside it, or where ``RETAIL_SHARED_DATA`` says.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from retail_assets.forecasting.backtest import backtest
from retail_assets.forecasting.forecast import forecast
from retail_assets.forecasting.panel import Panel
from retail_assets.forecasting.reading import read_long_table
from retail_assets.sources.retail_calendar import retail_calendar

SHARED = Path(os.environ.get("RETAIL_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
FIGURES = ("wmape", "mase", "rmsse", "bias", "sum_wmape", "coverage")
HORIZON, ORIGINS = 28, 3


def main(arguments: Sequence[str]) -> None:
    """Back-test the real series, then forecast a generated table of as many series as asked for."""
    known = argparse.ArgumentParser(prog="python -m benchmarks forecasting")
    known.add_argument("--model", default="default", choices=("default", "ml", "blend"))
    known.add_argument("--series", type=int, default=30_490, help="of the generated table (default 30,490)")
    known.add_argument("--days", type=int, default=1_913, help="of the generated table (default 1,913, as in M5)")
    options = known.parse_args(arguments)
    for name, read in (("499 M5 series", m5), ("Online Retail II", online_retail)):
        _print_backtest(name, read, options.model)
    _print_cost(options.series, options.days, options.model)


def m5() -> Panel:
    """The development series of the M5 competition, with the groups that their names tell."""
    panel = _read(SHARED / "demand" / "m5_dev500_train.parquet", "US")
    parts = [unique_id.split("_") for unique_id in panel.ids]
    labels = {
        "item": ["_".join(part[:3]) for part in parts],
        "dept": ["_".join(part[:2]) for part in parts],
        "cat": [part[0] for part in parts],
        "store": ["_".join(part[3:5]) for part in parts],
        "state": [part[3] for part in parts],
    }
    return replace(panel, groups={name: np.unique(found, return_inverse=True)[1] for name, found in labels.items()})


def online_retail() -> Panel:
    """A wholesaler of gifts with bulk orders and returns netted out, by article."""
    return _read(SHARED / "demand" / "online_retail_II_daily.parquet", "GB")


def _read(path: Path, country: str) -> Panel:
    with duckdb.connect() as connection:
        panel = read_long_table(connection, path).panel
    days = retail_calendar(panel.start, panel.end, country=country, subdivision=None, own_dates={})
    return replace(panel, holidays={day.date: day.holiday_name for day in days if day.holiday_name})


def _print_backtest(name: str, read: Callable[[], Panel], model: str) -> None:
    found = backtest(read(), HORIZON, ORIGINS, model)
    print(f"\n{name}, mean of {ORIGINS} origins of {HORIZON} days\n")
    print(f"| model | {' | '.join(FIGURES)} | wrmsse |\n|---|{'---|' * (len(FIGURES) + 1)}")
    for each in found.models():
        mean = {**found.mean(each), "wrmsse": found.wrmsse(each)}
        print(f"| {each} | {' | '.join(f'{mean[figure]:.3f}' for figure in (*FIGURES, 'wrmsse'))} |")
    print(f"\n{found.verdict().reason}", flush=True)


def _print_cost(series: int, days: int, model: str) -> None:
    chance = np.random.default_rng(1)
    demand = chance.poisson(chance.gamma(0.5, 2.0, (series, 1)), (series, days)).astype(np.float32)
    codes = np.arange(series)
    groups = {"item": codes // 10, "dept": codes // 10 % 7, "store": codes % 10, "state": codes % 10 % 3}
    panel = Panel(np.char.add("s", codes.astype(str)), date(2011, 1, 29), demand, groups)
    wall, cpu = time.perf_counter(), time.process_time()
    forecast(panel, HORIZON, model)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{series:,} series of {days:,} days, {model}, with intervals: {wall:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MB"
    )
