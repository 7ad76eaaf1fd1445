"""What readers can see of a platform: every partition, table and landed file, each with a digest of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.assets.catalogue import STEPS, marts_of
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_literal
from retail_assets.engine.s3_reading import allow_reading

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

State = dict[str, str]
"""What stands where: digests by ``kind/dataset/partition``."""

UNKNOWN = "unknown"
"""What an object was made from, while it is being replaced or when a process died over that: it is made again."""


def observe(platform: Platform, steps: Sequence[Step] = STEPS) -> State:
    """Read everything that is published of these steps and of all marts, as readers do."""
    import duckdb

    steps = (*steps, *marts_of(platform.settings).steps)
    with duckdb.connect(config={"threads": 1}) as connection:
        lake = _lake(platform, connection, _contracts(steps, "lake"))
        return {**lake, **_landed(platform, connection), **_warehouse(platform, _contracts(steps, "warehouse"))}


def inconsistent(platform: Platform, steps: Sequence[Step] = STEPS) -> list[str]:
    """Manifest entries that do not tell the truth about their object: there is none while nobody writes."""
    seen = observe(platform, steps)
    return [
        f"{key}: the manifest says {digest}, the object holds {seen[key.replace('manifest/', 'object/', 1)]}"
        for key, value in seen.items()
        if key.startswith("manifest/")
        for digest in [value.split()[0]]
        if digest != seen[key.replace("manifest/", "object/", 1)]
    ]


def neither(seen: State, old: State, new: State) -> list[str]:
    """What a reader saw that is of neither generation, or missed though both have it."""
    wrong = [
        f"{key} holds {value}, neither the old {old.get(key)} nor the new {new.get(key)}"
        for key, value in seen.items()
        if value not in (old.get(key), new.get(key), UNKNOWN)
    ]
    return wrong + [f"{key} is gone" for key in old if key in new and key not in seen]


def files_of(platform: Platform) -> State:
    """Every file below the data folder by content, but for those that never are the same: the ledger's and locks."""
    root = platform.settings.data_dir
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not _is_unsteady(path.relative_to(root))
    }


def folders_of(platform: Platform) -> set[str]:
    """Every folder below the data folder."""
    root = platform.settings.data_dir
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir()}


def _is_unsteady(path: Path) -> bool:
    return path.suffix == ".lock" or path.suffix == ".duckdb" or path.parts[:3] == ("lake", "_landing", "ledger")


def _contracts(steps: Sequence[Step], store: str) -> list[Contract]:
    return [item for step in steps if step.store == store for item in step.contracts()]


def _lake(platform: Platform, connection: DuckDBPyConnection, contracts: Iterable[Contract]) -> State:
    found: State = {}
    for item in contracts:
        published = platform.stores["lake"].published(item)
        allow_reading(connection, (entry.location for entry in published.values()), platform.settings.s3)
        digests = _digests(connection, item, (entry.location for entry in published.values()))
        for partition, entry in published.items():
            found[f"manifest/{item.name}/{partition.key}"] = f"{entry.digest} {entry.rows} {entry.bytes}"
            found[f"origin/{item.name}/{partition.key}"] = f"{entry.inputs} {entry.code}" if entry.inputs else UNKNOWN
            found[f"object/{item.name}/{partition.key}"] = digests.get(entry.location, "0-0")
    return found


def _digests(connection: DuckDBPyConnection, item: Contract, locations: Iterable[str]) -> State:
    """Digests by location, computed as the audit does."""
    paths = ", ".join(map(quote_literal, locations))
    if not paths:
        return {}
    columns = ", ".join(column.quoted for column in item.stored_columns)
    rows = connection.execute(
        f"SELECT filename, count(*) || '-' || sum(hash({columns})) "
        f"FROM read_parquet([{paths}], hive_partitioning = false, filename = true) GROUP BY filename"
    )
    return dict(rows.fetchall())


def _landed(platform: Platform, connection: DuckDBPyConnection) -> State:
    """Every file's entry in the ledger, and what can be read of each content: its rows, its rejected rows."""
    found = {
        f"file/{name}": f"{entry.state} {entry.file_id} {entry.sha256} {dict(entry.parts)} {entry.rejected}"
        for name, entry in platform.landing.files().items()
    }
    for kind, dataset in (
        ("landed", platform.landing.landed_events()),
        ("refused", platform.landing.rejected_events()),
    ):
        dataset.open_to(connection)
        digests = _digests(connection, dataset.contract, (stored.location for stored in dataset.objects))
        for stored in dataset.objects:
            found[f"{kind}/{stored.digest}/{stored.partition.key}"] = f"{stored.rows} {digests[stored.location]}"
    return found


def _warehouse(platform: Platform, contracts: Iterable[Contract]) -> State:
    store = platform.stores["warehouse"]
    if not platform.settings.warehouse_file.exists():
        return {}
    found: State = {}
    with store.reading() as connection:  # type: ignore[attr-defined]
        connection.execute("SET threads = 1")
        there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for item in contracts:
            if item.name in there:
                found |= _table(connection, item)
    return found


def _table(connection: DuckDBPyConnection, item: Contract) -> State:
    """One digest a partition of the table, and what ``_loads`` says of it."""
    keys = sorted(column.name for column in item.partition_columns)
    key = " || '|' || ".join(f'"{name}"::VARCHAR' for name in keys) or "'all'"
    columns = ", ".join(column.quoted for column in item.columns)
    rows = connection.execute(
        f"SELECT {key}, count(*) || '-' || sum(hash({columns})) FROM warehouse.\"{item.name}\" GROUP BY ALL"
    )
    loads = connection.execute(
        "SELECT partition, concat_ws(' ', rows, bytes, digest, inputs, code) FROM warehouse._loads "
        f"WHERE table_name = '{item.name}'"
    )
    held = {f"table/{item.name}/{key}": digest for key, digest in rows.fetchall()}
    return held | {f"load/{item.name}/{key}": text for key, text in loads.fetchall()}
