"""Dagster's SQLite storage, quicker: the events of many partitions are stored together instead of one by one.

Dagster hands over events in batches where DAGSTER_EVENT_BATCH_SIZE is set, and its storage for PostgreSQL stores them
as such; that for SQLite takes them apart again, opens a database up to five times an event and compiles the same SQL
anew each time: 14 ms an event. The databases stay those of Dagster's own storage, row for row, so that `dagster dev`
reads and writes them as ever; a test compares the tables.

What is overridden here is internal to the Dagster release that constraints.txt pins. That is why it stands alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from dagster import DagsterEventType, DagsterInstance
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData, serialize_value
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, QueuePool

from retail_assets.contracts.contract import quote_literal

TOGETHER = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED}
MOST_A_BATCH = "1000"


def with_batches(reference: InstanceRef) -> InstanceRef:
    """The instance with this storage, where it has Dagster's SQLite storage; any other is left as it is."""
    found = reference.storage_data
    if found is None or found.class_name != DagsterSqliteStorage.__name__:
        return reference
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", MOST_A_BATCH)
    ours = ConfigurableClassData(__name__, BatchingSqliteStorage.__name__, found.config_yaml)
    return reference._replace(storage_data=ours)


def index_of(instance: DagsterInstance) -> Path | None:
    """The file in which this storage keeps the events of all assets; None of an instance with another one."""
    storage = instance.event_log_storage
    return Path(storage.path_for_shard(INDEX_SHARD_NAME)) if isinstance(storage, BatchingEventLog) else None


class BatchingEventLog(SqliteEventLogStorage):
    """Keeps its engines, and stores a batch of asset events in one transaction a database."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        self._schema: list[str] = []
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._make(shard, engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        """The engine of a database, kept since it remembers what it has compiled; that of the index stays connected."""
        if shard not in self._engines:
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool if shard == INDEX_SHARD_NAME else NullPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
        return self._engines[shard]

    def dispose(self) -> None:
        """Dagster's hook: the end."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()

    def _make(self, shard: str, engine: Engine) -> None:
        """Make the database of a run, where there is none, as Dagster has made the first one that was asked for.

        To make one, Dagster reads all of its migrations for the number of the latest: 0.1 s a run.
        """
        is_new = shard != INDEX_SHARD_NAME and not Path(self.path_for_shard(shard)).exists()
        if not is_new or not self._schema:
            self._initdb(engine)
            self._schema = _schema(engine) if is_new else self._schema
            return
        with engine.connect() as connection:
            connection.execute(sql.text("PRAGMA journal_mode=WAL"))
            for statement in self._schema:
                connection.execute(sql.text(statement))
            connection.commit()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in their order: asset events together, others one by one."""
        for is_together, group in groupby(events, lambda event: event.dagster_event_type in TOGETHER):
            if is_together:
                self._store_together(list(group))
            else:
                for event in group:
                    self.store_event(event)

    def _store_together(self, events: Sequence[EventLogEntry]) -> None:
        """As ``store_event`` does: in the run's database and again in the index, with tags and the assets' state."""
        rows = [self._event_to_row(event) for event in events]
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
        with self.index_connection() as connection:
            connection.execute(SqlEventLogStorageTable.insert(), rows)
            last = connection.execute(sql.select(sql.func.max(SqlEventLogStorageTable.c.id))).scalar_one()
            numbered = dict(zip(range(last - len(events) + 1, last + 1), events, strict=True))
            if tags := [tag for event_id, event in numbered.items() for tag in self._tags(event_id, event)]:
                connection.execute(AssetEventTagsTable.insert(), tags)
            for event_id in _latest(numbered):
                self._store_asset_event(connection, numbered[event_id], event_id)

    def _tags(self, event_id: int, event: EventLogEntry) -> Iterator[dict[str, Any]]:
        key = event.get_dagster_event().asset_key
        for name, value in self._tags_for_asset_event(event).items():
            yield {
                "event_id": event_id,
                "asset_key": key.to_string() if key else None,
                "key": name,
                "value": value,
                "event_timestamp": _moment(event),
            }

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        """One row a partition, as ever, but the event, which names all of them, is put into words only once."""
        planned: Any = event.get_dagster_event().event_specific_data
        subset = planned.partitions_subset
        row = {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            "evaluation_event": serialize_value(event),
            "evaluation_event_timestamp": _moment(event),
            "evaluation_event_storage_id": event_id,
        }
        with self.index_connection() as connection:
            rows = [{**row, "partition": key} for key in (subset.get_partition_keys() if subset else [None])]
            connection.execute(AssetCheckExecutionsTable.insert(), rows)


class BatchingSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with that event log."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = BatchingEventLog(os.path.join(base_dir, "history", "runs", ""))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> BatchingSqliteStorage:
        """Dagster's hook: an instance of what its configuration says."""
        return cls.from_local(inst_data=inst_data, **config_value)


def _schema(engine: Engine) -> list[str]:
    """The statements that make such a database, with the number of its version."""
    with engine.connect() as connection:
        made = connection.execute(sql.text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")).scalars().all()
        version = connection.execute(sql.text("SELECT version_num FROM alembic_version")).scalar_one()
    return [*made, f"INSERT INTO alembic_version VALUES ({quote_literal(version)})"]


def _latest(events: Mapping[int, EventLogEntry]) -> list[int]:
    """The last event of each kind of each asset: what an asset's own state is made of."""
    kinds = {
        (event.dagster_event_type, event.get_dagster_event().asset_key): number for number, event in events.items()
    }
    return sorted(kinds.values())


def _moment(event: EventLogEntry) -> datetime:
    """When the event happened, as Dagster keeps it: UTC, and silent about it."""
    return datetime.fromtimestamp(event.timestamp, UTC).replace(tzinfo=None)
