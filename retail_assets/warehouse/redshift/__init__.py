"""Amazon Redshift as a warehouse: tables made from contracts, loaded from S3, replaced a partition at a time.

``RedshiftIOManager`` serves anybody's Dagster assets that have a contract; ``RedshiftStore`` is what this platform
uses. See docs/cloud.md for an example.
"""

from retail_assets.warehouse.redshift.connecting import Redshift, RedshiftError
from retail_assets.warehouse.redshift.io_manager import RedshiftIOManager
from retail_assets.warehouse.redshift.store import RedshiftStore

__all__ = ["Redshift", "RedshiftError", "RedshiftIOManager", "RedshiftStore"]
