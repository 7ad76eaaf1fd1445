"""What is staged is the same bytes on one core as on several."""

from __future__ import annotations

from pathlib import Path

import duckdb

from retail_assets.contracts import contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query
from retail_assets.engine.session import Capacity, session
from retail_assets.engine.staging import Output, stage
from retail_assets.settings import Settings

ROWS = 600_000
"""Several row groups of what is read and of what is written."""


def test_rows_of_a_large_partition_are_written_alike_by_any_number_of_threads(
    settings: Settings, tmp_path: Path
) -> None:
    source, day = tmp_path / "source.parquet", Partition.of(date="2019-10-01")
    duckdb.execute(f"COPY (SELECT range AS number FROM range({ROWS})) TO {quote_literal(str(source))}")
    rows = f"""
        SELECT DATE '2019-10-01' AS date, number::VARCHAR AS product_id, NULL AS category_code, NULL AS brand,
            TIMESTAMP '2019-10-01' AS first_seen, TIMESTAMP '2019-10-01' AS last_seen
        FROM read_parquet({quote_literal(str(source))})
        WHERE number % 7 <> 0"""
    outputs = {"product_days": Output(contract("product_days"), Query("rows", rows, row_by_row=True))}
    written = []
    for threads in (1, 4, 4):
        with session(settings, Capacity(threads, 512)) as connection:
            ((item,),) = stage(connection, outputs, [day], tmp_path / f"{len(written)}").values()
        written.append(item.path.read_bytes())
    assert written[0] == written[1] == written[2]
