"""``python -m benchmarks``: the platform beside its yardsticks, on events that it generates.

``python -m benchmarks landing`` measures the landing alone: see ``benchmarks/landing.py``;
``python -m benchmarks forecasting`` the forecasts: see ``benchmarks/forecasting.py``;
``python -m benchmarks sales`` the extraction from PostgreSQL: see ``benchmarks/sales.py``;
``python -m benchmarks cloud`` the platform on S3 and Redshift: see ``benchmarks/cloud.py``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import cloud, forecasting, landing, report, sales
from benchmarks.findings import Finding
from benchmarks.machine import machine_facts, summary
from benchmarks.plan import chosen_scenarios, parser, planned
from benchmarks.scenarios import BY_NAME


def main(arguments: Sequence[str]) -> None:
    """Run the scenarios, print each one's table when it is done and the targets last; with ``--json``, write all."""
    options = parser().parse_args(arguments)
    scenarios, findings = chosen_scenarios(options), list[Finding]()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="retail-bench-") as folder:
        plan, facts = planned(options, Path(folder)), machine_facts(Path(folder))
        print(f"{summary(facts)}\n{plan.rounds} rounds; medians\n", flush=True)
        for name in scenarios:
            started = time.perf_counter()
            findings.append(BY_NAME[name](plan))
            print(f"{report.section(findings[-1])}\n", flush=True)
            print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(report.ratings(findings))
    if options.json:
        options.json.write_text(json.dumps(report.document(facts, findings), indent=1), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["landing"]:
        landing.main(sys.argv[2:])
    elif sys.argv[1:2] == ["forecasting"]:
        forecasting.main(sys.argv[2:])
    elif sys.argv[1:2] == ["sales"]:
        sales.main(sys.argv[2:])
    elif sys.argv[1:2] == ["cloud"]:
        cloud.main(sys.argv[2:])
    else:
        main(sys.argv[1:])
