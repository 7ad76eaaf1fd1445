"""Amazon Redshift as a warehouse: tables made from contracts, loaded from S3, replaced a partition at a time.

``RedshiftIOManager`` serves anybody's Dagster assets that have a contract; ``RedshiftStore`` is what this platform
uses. See docs/cloud.md for an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retail_assets.warehouse.redshift.connecting import Redshift, RedshiftError
from retail_assets.warehouse.redshift.store import RedshiftStore

if TYPE_CHECKING:
    from retail_assets.warehouse.redshift.io_manager import RedshiftIOManager

__all__ = ["Redshift", "RedshiftError", "RedshiftIOManager", "RedshiftStore"]


def __getattr__(name: str) -> Any:
    """The IO manager when it is asked for: it loads Dagster, which the store does without."""
    if name == "RedshiftIOManager":
        from retail_assets.warehouse.redshift.io_manager import RedshiftIOManager

        return RedshiftIOManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
