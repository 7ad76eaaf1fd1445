"""Opens the warehouse that settings describe, as a store and as a Dagster IO manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retail_assets.engine.publication import Store
from retail_assets.settings import Settings
from retail_assets.warehouse.duckdb_file import DuckDBFile
from retail_assets.warehouse.redshift.store import RedshiftStore

if TYPE_CHECKING:
    from retail_assets.engine.io_manager import StoreIOManager


def warehouse_of(settings: Settings) -> Store:
    """The platform's warehouse."""
    if settings.warehouse_kind == "redshift":
        return RedshiftStore(settings)
    return DuckDBFile(settings.warehouse_file, settings)


def warehouse_io_manager(settings: Settings) -> StoreIOManager:
    """The platform's warehouse for assets that are not ours. Only this loads Dagster."""
    from retail_assets.warehouse.io_manager import WarehouseIOManager
    from retail_assets.warehouse.redshift.io_manager import RedshiftIOManager

    if settings.warehouse_kind == "redshift":
        chosen = settings.redshift.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude={"password"})
        return RedshiftIOManager(redshift=chosen)
    return WarehouseIOManager(path=str(settings.warehouse_file))
