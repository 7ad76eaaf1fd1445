"""What tests ask of a folder in which marts may be broken."""

from __future__ import annotations

from retail_assets.assets.catalogue import marts_of
from retail_assets.settings import Settings

BRAND = {"brand": "VARCHAR"}
CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: bad
name: bad
version: 1.0.0
status: active
schema:
  - name: bad
    physicalType: parquet
    properties:
      - {name: date, physicalType: DATE, partitioned: true, partitionKeyPosition: 1}
      - {name: views, physicalType: BIGINT, logicalTypeOptions: {minimum: 0}}
    quality:
      - {name: positive, type: sql, mustBe: 0, query: "SELECT count(*) FROM ${object} WHERE views < 0"}
customProperties:
  - {property: reads, value: {daily_aggregates: {days: 7}}}
  - property: checks
    value:
      - name: total
        query: SELECT date, true AS passed, '' AS detail FROM staged_bad GROUP BY date
"""
SQL = (
    "SELECT requested.date, sum(views_t) AS views FROM daily_aggregates, requested_partitions AS requested GROUP BY ALL"
)


def problems(settings: Settings) -> dict[str, str]:
    """What is wrong with each broken mart; the file by its name only."""
    folder = f"{settings.marts_dir}/"
    return {mart.name: str(mart.error).replace(folder, "") for mart in marts_of(settings).broken}


def good(settings: Settings) -> list[str]:
    """The steps of the others."""
    return [step.name for step in marts_of(settings).steps]
