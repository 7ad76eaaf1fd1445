"""A large table as it is now, from what was held of it: rows that were written since, without keys that are gone."""

from __future__ import annotations

import logging
from pathlib import Path

from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.staging import parquet_options
from retail_assets.sources.postgres.agreement import Agreement
from retail_assets.sources.postgres.reading import Reader, parquet
from retail_assets.sources.postgres.snapshot import Extracted
from retail_assets.sources.postgres.watermark import Watermark

LOG = logging.getLogger(__name__)


def followed(
    reader: Reader, agreement: Agreement, held: Extracted, file: Path, mark: Watermark, *, is_keyed: bool
) -> Extracted | None:
    """What a full reading of the table would find, where that follows from what ``file`` holds up to ``mark``.

    ``is_keyed``: the database sees to it that no two rows have the same key. Where so many rows are there as keys were
    held or are new, none is gone; else all keys are read and compared. None where what results does not add up.

    Raises:
        SourceError: the connection broke off.
    """
    contract, source = agreement.contract, reader.source
    names = ", ".join(column.quoted for column in contract.key_columns)
    columns = ", ".join(column.quoted for column in contract.columns)
    before = f"{parquet(file)} AS before"  # a table without a name of its own would take ANTI for one
    changes = parquet(_written(reader, agreement, "changes", reader.rows(agreement, mark.is_later)))
    told = reader.told(agreement)
    ((later,),) = source.execute(f"SELECT count(*) FROM {changes}")
    ((new,),) = source.execute(f"SELECT count(*) FROM {changes} AS changes ANTI JOIN {before} USING ({names})")
    earlier = f"SELECT {columns} FROM {before} ANTI JOIN {changes} USING ({names})"
    if is_keyed and told.rows == held.rows + new:
        if not later:
            return held if told.measures == held.measures else None
    else:
        keys = parquet(_written(reader, agreement, "keys", reader.keys(agreement)))
        ((different,),) = source.execute(f"SELECT count(DISTINCT ({names})) FROM {keys}")
        if different != told.rows:
            return None
        earlier = f"SELECT {columns} FROM ({earlier}) AS earlier SEMI JOIN {keys} USING ({names})"
    written = reader.write(contract, f"{earlier} UNION ALL SELECT {columns} FROM {changes}")
    if fault := told.against(agreement, written):
        LOG.warning("%s is read as a whole, for what changed does not add up: %s", agreement.table, fault)
        return None
    return reader.extracted(agreement, written, told)


def _written(reader: Reader, agreement: Agreement, what: str, select: str) -> Path:
    """A file of the stage with the rows of a query."""
    path = reader.path(f"{agreement.contract.name}-{what}")
    options = parquet_options(agreement.contract)
    reader.source.execute(f"COPY ({select}) TO {quote_literal(str(path))} ({options})")
    return path
