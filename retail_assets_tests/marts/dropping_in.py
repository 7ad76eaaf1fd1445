"""Ways for tests to drop marts into a platform's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from retail_assets.settings import Settings

DAILY_VIEWS = """-- Views of a day by brand.
SELECT
    date,
    key_value AS brand,
    views_t AS views
FROM daily_aggregates
WHERE key_type = 'brand'
"""
DAILY_VIEWS_COLUMNS = {"date": "DATE", "brand": "VARCHAR", "views": "BIGINT"}


def drop(
    settings: Settings,
    name: str,
    sql: str,
    columns: Mapping[str, str],
    *,
    key: Sequence[str] = (),
    quality: Sequence[Mapping[str, Any]] = (),
    is_dated: bool | None = None,
    **customs: Any,
) -> Path:
    """A mart of these columns with their types, partitioned by date where it has one; returns its SQL file."""
    if is_dated is None:
        is_dated = columns.get("date") == "DATE"
    properties = [
        {"name": column, "physicalType": kind, "description": f"The {column}."}
        | ({"partitioned": True, "partitionKeyPosition": 1, "required": True} if column == "date" and is_dated else {})
        | ({"primaryKey": True, "primaryKeyPosition": key.index(column) + 1} if column in key else {})
        for column, kind in columns.items()
    ]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": name,
        "name": name,
        "version": "1.0.0",
        "status": "active",
        "domain": "marts",
        "description": {"purpose": f"The mart {name}."},
        "schema": [{"name": name, "physicalType": "parquet", "properties": properties, "quality": list(quality)}],
        "customProperties": [{"property": given, "value": value} for given, value in customs.items()],
    }
    settings.marts_dir.mkdir(parents=True, exist_ok=True)
    (settings.marts_dir / f"{name}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    path = settings.marts_dir / f"{name}.sql"
    path.write_text(sql, encoding="utf-8")
    return path
