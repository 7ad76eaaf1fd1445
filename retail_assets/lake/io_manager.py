"""The lake as a Dagster IO manager, for this platform's assets and for anybody else's."""

from typing import Any

from pydantic import Field

from retail_assets.engine.io_manager import StoreIOManager
from retail_assets.engine.publication import Store
from retail_assets.lake.opening import open_lake
from retail_assets.settings import S3Settings, settings


class LakeIOManager(StoreIOManager):
    """Datasets as hive-partitioned Parquet below ``root``, one object per partition.

    ``root`` is a folder or an S3 URL such as ``s3://bucket/prefix``.
    """

    root: str
    s3: dict[str, Any] = Field(
        default={}, description="How S3 is reached: fields of S3Settings. Empty: as the RETAIL_S3_* variables say."
    )

    @property
    def store(self) -> Store:
        """The lake below ``root``."""
        chosen = settings()
        return open_lake(self.root, chosen.lake_staging_dir, S3Settings(**self.s3) if self.s3 else chosen.s3)
