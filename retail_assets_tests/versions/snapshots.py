"""Versions of any content, written straight to a folder, and a plain account of what differs between two."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from retail_assets.contracts import Column, contract
from retail_assets.engine.partition import Partition
from retail_assets.versions.version import Origin, Version, VersionFile

Row = dict[str, Any]
Grain = tuple[str, str, str]
COLUMNS = Version.remembered(contract("features").columns)
TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(38,4)": pa.decimal128(38, 4),
}
METRICS = [column.name for column in COLUMNS if column.type not in ("VARCHAR", "DATE", "BOOLEAN")]


def feature(day: str, key_type: str, key_value: str, **values: Any) -> Row:
    """A row of features in which nothing happened, with some values changed."""
    row: Row = {column.name: 0 for column in COLUMNS}
    row |= {"price_mean_t": None, "revenue_t": Decimal("0.0000"), "is_weekend": False, "window_days_present": 1}
    return {**row, "date": day, "key_type": key_type, "key_value": key_value, **values}


def snapshot(folder: Path, number: int, rows: Iterable[Row], columns: Sequence[Column] = COLUMNS) -> Version:
    """A version that holds these rows."""
    place = folder / "_versions" / "retail_aggregates" / str(number)
    by_partition: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_partition[row["key_type"], row["date"]].append(row)
    files = [_write(place, *partition, held, columns) for partition, held in sorted(by_partition.items())]
    return Version("retail_aggregates", number, place, tuple(columns), tuple(files), Origin("test"), "2020-01-01")


def _write(place: Path, key_type: str, day: str, rows: Sequence[Row], columns: Sequence[Column]) -> VersionFile:
    name = f"key_type={key_type}/date={day}/data.parquet"
    (place / name).parent.mkdir(parents=True)
    stored = [column for column in columns if column.partition_position is None]
    arrays = [pa.array([row[column.name] for row in rows], TYPES[column.type]) for column in stored]
    pq.write_table(pa.table(arrays, [column.name for column in stored]), place / name)
    content = (place / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return VersionFile(name, Partition.of(date=day, key_type=key_type), len(rows), len(content), digest, digest, 0)


def by_grain(rows: Iterable[Row]) -> dict[Grain, Row]:
    """The rows by what identifies them."""
    return {(row["key_type"], row["date"], row["key_value"]): row for row in rows}


def expected(before: Sequence[Row], after: Sequence[Row], key_type: str) -> dict[str, Any]:
    """What differs in a key type, by looking at one row after the other."""
    old, new = (
        {grain: row for grain, row in by_grain(rows).items() if grain[0] == key_type} for rows in (before, after)
    )
    both = old.keys() & new.keys()
    changed = {grain for grain in both if old[grain] != new[grain]}
    touched = {grain[2] for grain in changed | (old.keys() ^ new.keys())}
    old_keys, new_keys = {grain[2] for grain in old}, {grain[2] for grain in new}
    return {
        "rows": (len(new.keys() - old.keys()), len(old.keys() - new.keys()), len(changed)),
        "keys": (len(new_keys - old_keys), len(old_keys - new_keys), len(touched & old_keys & new_keys)),
        "metrics": {name: _metric(old, new, changed, name) for name in METRICS},
    }


def _metric(old: Mapping[Grain, Row], new: Mapping[Grain, Row], changed: set[Grain], name: str) -> dict[str, Any]:
    pairs = {grain: (old[grain][name], new[grain][name]) for grain in changed}
    known = {grain: abs(b - a) for grain, (a, b) in pairs.items() if a is not None and b is not None and a != b}
    largest = max(((gap, date.fromisoformat(day), key) for (_, day, key), gap in known.items()), default=None)
    return {
        "changed": sum(a != b for a, b in pairs.values()),
        "sum_before": _sum(old[grain][name] for grain in old.keys() - (new.keys() - changed)),
        "sum_after": _sum(new[grain][name] for grain in new.keys() - (old.keys() - changed)),
        "largest": largest,
    }


def _sum(values: Iterable[Any]) -> float | None:
    """The sum of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None
