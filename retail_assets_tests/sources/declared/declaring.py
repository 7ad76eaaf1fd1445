"""Ways for tests to declare sources and to see what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from retail_assets.assets.catalogue import steps_of
from retail_assets.assets.declared_sources import declared_days
from retail_assets.assets.materialization import Made, materialize, stale
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import of_dates
from retail_assets.engine.session import session
from retail_assets.settings import Settings
from retail_assets.sources.declared.source import read_sources

ID = {"name": "id", "physicalType": "VARCHAR", "required": True, "primaryKey": True, "primaryKeyPosition": 1}
AT = {"name": "moment", "physicalType": "TIMESTAMP", "required": True}
DATE = {
    "name": "date", "physicalType": "DATE", "required": True, "partitioned": True, "partitionKeyPosition": 1,
    "transformLogic": "moment::DATE",
}  # fmt: skip
AMOUNT = {"name": "amount", "physicalType": "DECIMAL(10,2)"}


def contract_text(name: str, *columns: Mapping[str, Any], **table: Any) -> str:
    """A contract in the project's own format."""
    schema = {"name": name, "physicalType": "parquet", "properties": list(columns), **table}
    return yaml.safe_dump(
        {
            "apiVersion": "v3.1.0", "kind": "DataContract", "id": name, "name": name, "version": "1.0.0",
            "status": "active", "description": {"purpose": f"The {name}."}, "schema": [schema],
        },
        sort_keys=False,
    )  # fmt: skip


def named(column: Mapping[str, Any], **custom: Any) -> dict[str, Any]:
    """A column with custom properties."""
    return {**column, "customProperties": [{"property": key, "value": value} for key, value in custom.items()]}


class Declared:
    """A folder with a sources.yaml, its contracts and a platform that reads it."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings.model_copy(update={"sources_file": folder / "sources.yaml"})
        self.entries: list[dict[str, Any]] = []
        (folder / "in").mkdir(parents=True)

    @property
    def platform(self) -> Platform:
        """The platform."""
        return Platform.of(self.settings)

    def source(self, name: str, *columns: Mapping[str, Any], **entry: Any) -> None:
        """Declare a source of files in the folder ``in``, unless the entry says otherwise."""
        (self.folder / f"{name}.yaml").write_text(contract_text(name, *columns), encoding="utf-8")
        defaults = {"name": name, "kind": "files", "location": "in", "contract": f"{name}.yaml"}
        self.entries.append({**defaults, **entry})
        self.write()

    def write(self) -> None:
        """Write what is declared, which is read anew as in another process."""
        self.settings.sources_file.write_text(yaml.safe_dump({"sources": self.entries}), encoding="utf-8")
        read_sources.cache_clear()

    def deliver(self, name: str, content: str | bytes) -> Path:
        """Put a file into the folder ``in``."""
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def make(self, name: str) -> dict[str, list[Made]]:
        """Take the source in and make what is stale of it, by step."""
        platform = self.platform
        platform.intake(name).take()
        made: dict[str, list[Made]] = {}
        for step in steps_of(self.settings):
            if not {name, f"{name}_rejected"} & set(step.outputs):
                continue
            wanted = of_dates(step.partitioning, declared_days(platform, step))
            todo = stale(platform, step, wanted)
            made[step.name] = list(materialize(platform, step, platform.inputs(step), todo))
        return made

    def rows(self, name: str, columns: str = "*", order: str = "ALL") -> list[tuple[Any, ...]]:
        """The dataset as published."""
        contracts = {item.name: item for step in steps_of(self.settings) for item in step.contracts()}
        dataset = self.platform.stores["lake"].dataset(contracts[name])
        with session(self.settings) as connection:
            dataset.open_to(connection)
            return connection.execute(f"SELECT {columns} FROM ({dataset.relation()}) ORDER BY {order}").fetchall()

    def rejected(self, name: str) -> list[tuple[int, str]]:
        """Row and reason of what the source's contract refused."""
        return [(row, reason) for row, reason in self.rows(f"{name}_rejected", "source_row, reason")]
