"""``python -m benchmarks``: the platform beside its yardsticks, on events that it generates.

``python -m benchmarks landing`` measures the landing alone: see ``benchmarks/landing.py``;
``python -m benchmarks forecasting`` the forecasts: see ``benchmarks/forecasting.py``;
``python -m benchmarks sales`` the extraction from PostgreSQL: see ``benchmarks/sales.py``;
``python -m benchmarks cloud`` the platform on S3 and Redshift: see ``benchmarks/cloud.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import cloud, forecasting, landing, sales
from benchmarks.plan import chosen_scenarios, parser, planned
from benchmarks.running import run_scenarios
from benchmarks.scenarios import BY_NAME

OWN = {module.__name__.rpartition(".")[2]: module.main for module in (landing, forecasting, sales, cloud)}
"""Benchmarks with options of their own."""


def main(arguments: Sequence[str]) -> None:
    """Run the scenarios that are asked for."""
    options = parser().parse_args(arguments)
    scenarios = {name: BY_NAME[name] for name in chosen_scenarios(options)}
    run_scenarios(scenarios, lambda folder: planned(options, folder), options)


if __name__ == "__main__":
    first, *rest = sys.argv[1:] or [""]
    OWN[first](rest) if first in OWN else main(sys.argv[1:])
