"""Platform and yardsticks give the same numbers: else it would mean nothing which of them is faster."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.findings import Finding
from benchmarks.plan import Plan
from benchmarks.retail import cold
from benchmarks.scenarios.month import yardstick

EVENTS = 3_000
DAYS = 8
COUNTS = "sum(purchases_t)::BIGINT, sum(views_t)::BIGINT, sum(carts_t)::BIGINT"
LAGS = f'{COUNTS}, count(*), sum("purchases_t-1")::BIGINT, sum("purchases_t-7")::BIGINT, sum("views_t-1")::BIGINT'

Sums = list[tuple[object, ...]]


def agreement(plan: Plan) -> Finding:
    """Same counts, rows and lags per key type from clean events.

    Events without a bad row, because the bare scripts know no exact duplicates and fewer kinds of bad rows. The
    published script has no rows on quiet days, so that only its counts can be compared.

    Raises:
        RuntimeError: they differ; the message says where.
    """
    files = plan.data.month(EVENTS, DAYS, bad_share=0)
    lags: dict[str, Sums] = {}
    counts: dict[str, Sums] = {}

    def keep(name: str, features: Path) -> None:
        lags[name], counts[name] = _sums(features, LAGS), _sums(features, COUNTS)

    runs = {
        "platform": [
            cold(plan.folder / "agreement", files, lambda made: keep("platform", made.folder / "lake/features"))
        ]
    }
    for name in ("bare_duckdb", "bare_polars", "published_pipeline"):
        target = plan.folder / f"agreement-{name}"
        runs[name] = [yardstick(name, files[0].parent, target)]
        keep(name, target)
    del lags["published_pipeline"]
    _require_equal(lags)
    _require_equal(counts)
    return Finding("agreement", f"{EVENTS:,} clean events over {DAYS} days", runs, notes=(_told(lags, counts),))


def _sums(folder: Path, measures: str) -> Sums:
    files = sorted(str(path) for path in folder.rglob("*.parquet"))
    chosen = [path for path in files if "features" in path or "key_type=" in path]
    return duckdb.sql(
        f"SELECT key_type, {measures} FROM read_parquet({chosen}, hive_partitioning = true) GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def _require_equal(found: dict[str, Sums]) -> None:
    first, *others = found
    for other in others:
        if found[other] != found[first]:
            raise RuntimeError(f"{first} and {other} differ: {found[first]} and {found[other]}")


def _told(lags: dict[str, Sums], counts: dict[str, Sums]) -> str:
    return f"{', '.join(counts)}: the same counts; {', '.join(lags)}: the same rows and lags."
