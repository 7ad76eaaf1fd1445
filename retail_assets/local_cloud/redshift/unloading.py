"""UNLOAD: the rows of a query, as the client's session sees them, to Parquet on S3."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.local_cloud.redshift.commands import Unload
from retail_assets.local_cloud.redshift.dialect import rewritten
from retail_assets.local_cloud.redshift.objects import S3Failure
from retail_assets.local_cloud.redshift.parquet import LoadFailure, write_parquet
from retail_assets.local_cloud.redshift.wire import Field

if TYPE_CHECKING:
    from retail_assets.local_cloud.redshift.session import Session

NUMERIC = 1700
NAMES = {
    16: "BOOLEAN", 20: "BIGINT", 21: "SMALLINT", 23: "INTEGER", 25: "VARCHAR", 700: "FLOAT", 701: "DOUBLE",
    1042: "VARCHAR", 1043: "VARCHAR", 1082: "DATE", 1114: "TIMESTAMP", 1184: "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
"""DuckDB's types by PostgreSQL's numbers of types."""


async def unload(session: Session, command: Unload, folder: Path) -> int:
    """Write the rows as one object; none where there are no rows. Returns their number.

    Raises:
        S3Failure: there are objects already, and nothing says to overwrite them.
        LoadFailure: a column has a type that this stand-in does not know.
    """
    session.bucket.require(command.role)
    if not command.overwrites and await asyncio.to_thread(session.bucket.exists, command.target):
        raise S3Failure(
            "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually "
            "removing the target files in S3, or using the ALLOWOVERWRITE option."
        )
    select = rewritten(command.select)
    columns = await session.describe(select)
    types = [_type(column) for column in columns]
    text, target = folder / "rows.csv", folder / "rows.parquet"
    count = await session.receive_rows(select, text)
    if count:
        await asyncio.to_thread(write_parquet, text, [column.name for column in columns], types, target)
        ending = "0000_part_00.parquet" if command.is_parallel else "000.parquet"
        await asyncio.to_thread(session.bucket.put, target, command.target + ending)
    return count


def _type(column: Field) -> str:
    if column.type == NUMERIC and column.modifier >= 0:
        precision, scale = divmod(column.modifier - 4, 1 << 16)
        return f"DECIMAL({precision}, {scale})"
    if column.type not in NAMES:
        raise LoadFailure(f"UNLOAD of column {column.name}: this stand-in needs a cast to a type that Parquet has")
    return NAMES[column.type]
