"""What was extracted before, made again without customers who were forgotten since; without the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from retail_assets.contracts import Contract
from retail_assets.sources.postgres.connection import SourceError
from retail_assets.sources.postgres.forgotten import ADDRESSES
from retail_assets.sources.postgres.reading import Reader, parquet
from retail_assets.sources.postgres.snapshot import Snapshot


def forget_held(reader: Reader, contracts: Iterable[Contract], held: Snapshot) -> tuple[Snapshot, dict[str, Path]]:
    """The snapshot without those whom the reader knows as forgotten, and its new files by name.

    Raises:
        SourceError: an object of the snapshot is gone.
    """
    tables, files, staged = dict(held.tables), dict[str, Path](), dict[str, Path]()
    for contract in sorted(contracts, key=lambda contract: contract.name == ADDRESSES):  # which depend on others
        name, table = contract.name, tables.get(contract.name)
        if table is None:
            continue
        files[name] = _file(held, name)
        if not reader.forgotten.concerns(contract):
            continue
        relations = {other: parquet(path) for other, path in files.items()}
        content = reader.write(contract, reader.forgotten.select(contract, f"FROM {relations[name]}", relations))
        files[name] = reader.path(name)
        tables[name] = content.as_table(table, files[name].stat().st_size)
        if held.path(tables[name]) is None:
            staged[tables[name].file] = files[name]
    return replace(held, tables=tables), staged


def _file(held: Snapshot, name: str) -> Path:
    path = held.path(held.tables[name])
    if path is None:
        raise SourceError(f"{held.tables[name].file} is gone from {held.folder}: extract the database again first.")
    return path
