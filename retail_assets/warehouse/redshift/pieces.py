"""What one load copies: which objects, into which columns, and what the objects themselves do not say.

The partition columns of the lake stand in the paths of its objects, and COPY of Parquet reads no paths. So each object
is copied into a table of its own, and its partition's values are added as constants on the way into the target. That
is one COPY a partition, which costs Redshift about a second each whatever its size. Where there are many partitions,
their rows are therefore written anew, with all columns, into a few objects, which one COPY loads in parallel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retail_assets.contracts import Column, Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.publication import Publication
from retail_assets.engine.s3_location import is_s3
from retail_assets.engine.s3_reading import allow_reading
from retail_assets.engine.session import session
from retail_assets.settings import Settings
from retail_assets.warehouse.redshift.staging_area import StagingFolder, StoredBytes

MOST_PIECES = 30
"""A month of days, or ten days of three key types."""
BYTES_PER_BUNDLE = "128MB"
"""Redshift recommends objects of 1 MB to 1 GB, several at a time."""


@dataclass(frozen=True)
class Piece:
    """One COPY: the columns that its objects hold, in order, and the values of the others."""

    columns: tuple[Column, ...]
    objects: tuple[StoredBytes, ...]
    constants: Mapping[str, str] = field(default_factory=dict)


def pieces(
    contract: Contract, publications: Sequence[Publication], folder: StagingFolder, local: Path, settings: Settings
) -> list[Piece]:
    """What to copy, brought to S3 as far as it is not there; ``local`` takes files meanwhile."""
    filled = [item for item in publications if item.facts.rows]
    if len(filled) > MOST_PIECES:
        return [_bundled(contract, filled, folder, local, settings)]
    return [
        Piece(
            contract.stored_columns,
            (_stored(item, folder, f"{number:05}.parquet"),),
            _constants(contract, item),
        )
        for number, item in enumerate(filled)
    ]


def _constants(contract: Contract, item: Publication) -> dict[str, str]:
    values = dict(item.staged.partition.values)
    return {column.name: values[column.name] for column in contract.partition_columns}


def _stored(item: Publication, folder: StagingFolder, name: str) -> StoredBytes:
    """The object on S3 that holds the partition: the lake's own, or a private file brought there."""
    staged = item.staged
    if is_s3(staged.location):
        return StoredBytes(staged.location, staged.bytes)
    return folder.put(staged.path, name)


def _bundled(
    contract: Contract, items: Sequence[Publication], folder: StagingFolder, local: Path, settings: Settings
) -> Piece:
    """The rows of all partitions in few objects that hold the partition columns, too."""
    names = ", ".join(column.quoted for column in contract.columns)
    locations = [item.staged.location for item in items]
    listed = ", ".join(quote_literal(location) for location in locations)
    kinds = ", ".join(f"{column.quoted}: {column.type}" for column in contract.partition_columns)
    rows = f"SELECT {names} FROM read_parquet([{listed}], hive_partitioning = true, hive_types = {{{kinds}}})"
    target = local / "bundles"
    with session(settings) as connection:
        allow_reading(connection, locations, settings.s3)
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(
            f"COPY ({rows}) TO {quote_literal(str(target))} "
            f"(FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT, FILE_SIZE_BYTES '{BYTES_PER_BUNDLE}')"
        )
    bundles = [folder.put(path, path.name) for path in sorted(target.glob("*.parquet"))]
    return Piece(contract.columns, tuple(bundles))
