"""Hold what a platform published against the oracle, row by row.

The lake is read as any other tool would read it: hive-partitioned Parquet by its paths, without the manifest.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from retail_assets.assets.platform import Platform
from retail_assets_tests.building import csv_text, land
from retail_assets_tests.oracles.clickstream import Grain, Oracle, ReceivedFile
from retail_assets_tests.oracles.verdicts import COLUMNS, CleanEvent, Rules, Values

K = TypeVar("K")
MOST_SHOWN = 5
ULPS = 4
"""How far a mean price may lie from the exact quotient, in units in the last place: sum and quotient are rounded."""


def deliver(platform: Platform, files: tuple[ReceivedFile, ...]) -> None:
    """Put the files into the platform's inbox, as CSV."""
    for file in files:
        land(platform, file.name, csv_text(file.rows))


def read_received(path: Path) -> ReceivedFile:
    """A CSV file as received rows: columns by name, an empty field is NULL."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = tuple({name: value or None for name, value in row.items()} for row in csv.DictReader(stream))
    return ReceivedFile(path.name, rows)


def rules_of(platform: Platform, as_of: datetime) -> Rules:
    """The platform's settings as the oracle's rules."""
    settings = platform.settings
    rules = Rules(as_of=as_of, start_date=settings.start_date, source_timezone=settings.source_timezone)
    return replace(rules, country=settings.country, grid=settings.feature_grid)


def assert_agrees(platform: Platform, oracle: Oracle) -> None:
    """Every dataset of the platform, in the lake and in the warehouse, is what the oracle says."""
    lake = platform.settings.lake_dir
    assert_same("clean_events", oracle.clean_events, clean_events(lake))
    assert_same("rejected_events", oracle.rejected_events, rejected_events(lake))
    assert_same("daily_aggregates", oracle.daily_aggregates, keyed(lake, "daily_aggregates"))
    assert_same("features", oracle.features, keyed(lake, "features"))
    assert_same("warehouse.features", oracle.features, by_grain(table(platform, "features")))
    assert_same("dim_product", oracle.dim_product, _by_product(table(platform, "dim_product")))
    assert_same("data_quality", oracle.data_quality, books(table(platform, "data_quality")))


def assert_same(name: str, expected: Mapping[K, Any], found: Mapping[K, Any]) -> None:
    """Both hold the same keys with the same values; the message shows the first few that differ."""
    keys = expected.keys() | found.keys()
    odd = [key for key in keys if not _same(expected.get(key), found.get(key))]
    shown = [f"{key}: expected {_shown(expected.get(key))}, found {found.get(key)}" for key in odd[:MOST_SHOWN]]
    assert not odd, f"{name}: {len(odd)} of {len(keys)} differ\n" + "\n".join(shown)


def clean_events(lake: Path) -> Counter[CleanEvent]:
    """The multiset of clean events."""
    return Counter(CleanEvent(**row) for row in objects(lake, "clean_events"))


def rejected_events(lake: Path) -> Counter[tuple[str, str, str, int, Values]]:
    """The quarantine: stage, reason, file, row and what was received."""
    found: Counter[tuple[str, str, str, int, Values]] = Counter()
    for row in objects(lake, "rejected_events"):
        received = json.loads(row["received"])
        values = tuple(received[column] for column in COLUMNS)
        found[row["stage"], row["reason"], row["source_file"], row["source_row"], values] += 1
    return found


def keyed(lake: Path, dataset: str) -> dict[Grain, dict[str, Any]]:
    """The rows of daily_aggregates or features by their grain."""
    return by_grain(objects(lake, dataset))


def books(lines: list[dict[str, Any]]) -> Counter[tuple[date | None, str, str]]:
    """The lines of data_quality that count at least one row."""
    return Counter({(line["date"], line["stage"], line["reason"]): line["rows"] for line in lines if line["rows"]})


def objects(lake: Path, dataset: str) -> list[dict[str, Any]]:
    """All rows of a dataset, its partition columns read from the paths."""
    if not any((lake / dataset).rglob("*.parquet")):
        return []
    pattern = str(lake / dataset / "**" / "*.parquet")
    return _rows("SELECT * FROM read_parquet(?, hive_partitioning = true, union_by_name = true)", [pattern])


def table(platform: Platform, name: str) -> list[dict[str, Any]]:
    """All rows of a table of the warehouse file."""
    with duckdb.connect(str(platform.settings.warehouse_file), read_only=True) as connection:
        found = connection.execute(f'SELECT * FROM "{name}"')
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def published_bytes(platform: Platform, *datasets: str) -> dict[str, str]:
    """The SHA-256 of every published object by its path below the lake, of the named datasets or of all."""
    lake = platform.settings.lake_dir
    chosen = datasets or tuple(sorted(path.name for path in lake.iterdir() if not path.name.startswith("_")))
    found = (path for name in chosen for path in sorted((lake / name).rglob("*.parquet")))
    return {path.relative_to(lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _rows(sql: str, parameters: list[object]) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(sql, parameters)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def by_grain(found: list[dict[str, Any]]) -> dict[Grain, dict[str, Any]]:
    """Rows by their grain, which is unique."""
    rows = {Grain(row.pop("date"), row.pop("key_type"), row.pop("key_value")): row for row in found}
    assert len(rows) == len(found), "the grain is not unique"
    return rows


def _by_product(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row.pop("product_id"): row for row in found}


def _same(expected: Any, found: Any) -> bool:
    """Whether a value, or a row of values, is the expected one: exact but for the last places of a mean."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(_same(expected[name], found[name]) for name in expected)
    if isinstance(expected, Fraction) and isinstance(found, float):
        return math.isfinite(found) and abs(found - float(expected)) <= ULPS * math.ulp(float(expected))
    return bool(expected == found)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items()}
    return float(value) if isinstance(value, Fraction) else value
