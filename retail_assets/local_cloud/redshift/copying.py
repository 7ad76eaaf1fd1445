"""COPY: objects from S3 into a table, within the client's own session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.contracts.contract import quote_identifier
from retail_assets.local_cloud.redshift.commands import Copy
from retail_assets.local_cloud.redshift.parquet import LoadFailure, TableColumn, write_csv

if TYPE_CHECKING:
    from retail_assets.local_cloud.redshift.session import Session

COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
    WHERE attrelid = {table}::REGCLASS AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


async def copy(session: Session, command: Copy, folder: Path) -> int:
    """Load the objects, one after another; ``folder`` takes one of them at a time. Returns the number of rows.

    Raises:
        LoadFailure: an object does not fit the table.
        S3Failure: an object cannot be had.
    """
    session.bucket.require(command.role)
    columns = await _columns(session, command)
    urls = await asyncio.to_thread(session.bucket.sources, command.source, has_manifest=command.has_manifest)
    names = ", ".join(quote_identifier(column.name) for column in columns)
    try:
        rows = _rows(session, urls, columns, folder)
        return await session.send_rows(f"COPY {command.table} ({names}) FROM STDIN (FORMAT csv)", rows)
    except LoadFailure as error:
        await asyncio.to_thread(session.load_errors.record, session.pid, error)
        if error.code:
            raise LoadFailure(
                f"Load into table '{command.table}' failed. Check 'sys_load_error_detail' system table for details."
            ) from error
        raise


async def _columns(session: Session, command: Copy) -> list[TableColumn]:
    table = command.table.replace("\\", "\\\\").replace("'", "''")
    found = await session.run(COLUMNS.format(table=f"E'{table}'"))
    columns = {str(name): TableColumn(str(name), str(kind), required == "t") for name, kind, required in found}
    if missing := [name for name in command.columns if name not in columns]:
        raise LoadFailure(f'column "{missing[0]}" of relation {command.table} does not exist')
    return [columns[name] for name in command.columns] or list(columns.values())


async def _rows(session: Session, urls: list[str], columns: list[TableColumn], folder: Path) -> AsyncIterator[Path]:
    fetched, text = folder / "object.parquet", folder / "rows.csv"
    for url in urls:
        await asyncio.to_thread(session.bucket.fetch, url, fetched)
        await asyncio.to_thread(write_csv, fetched, url, columns, text)
        yield text
