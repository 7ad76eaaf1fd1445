"""Keys of partitions, by which a warehouse notes in ``_loads`` what every partition was loaded from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Published


def partition_of(contract: Contract, key: str) -> Partition | None:
    """The partition that a key in ``_loads`` stands for; None where the table was partitioned in another way then."""
    columns = contract.partition_columns
    if not columns:
        return Partition() if key == Partition().key else None
    try:
        partition = Partition.parse(key, [column.name for column in columns])
        for column in columns:
            if column.type == "DATE":
                date.fromisoformat(partition.get(column.name) or "")
    except ValueError:
        return None
    return partition


def is_alien(contract: Contract, keys: Iterable[str]) -> bool:
    """Whether a table with these keys was partitioned in another way: then all of its rows go with the next load."""
    return any(partition_of(contract, key) is None for key in keys)


def loaded_partitions(contract: Contract, loads: Iterable[Sequence[Any]]) -> dict[Partition, Published]:
    """The partitions of a table by its rows of ``_loads``, each beginning with the key; none where one is alien."""
    found: dict[Partition, Published] = {}
    for key, *rest in loads:
        if (partition := partition_of(contract, key)) is None:
            return {}
        found[partition] = Published(partition, contract.name, *rest)
    return found


def key_of_row(contract: Contract) -> str:
    """The key of a row's partition, in DuckDB's SQL."""
    columns = sorted(contract.partition_columns, key=lambda column: column.name)
    return " || '|' || ".join(f"{column.quoted}::VARCHAR" for column in columns) or quote_literal(Partition().key)
