"""The lake as a Dagster IO manager, for this platform's assets and for anybody else's."""

from pathlib import Path

from retail_assets.engine.io_manager import StoreIOManager
from retail_assets.engine.publication import Store
from retail_assets.lake.folder_lake import FolderLake


class LakeIOManager(StoreIOManager):
    """Datasets as hive-partitioned Parquet below ``root``, one object per partition."""

    root: str

    @property
    def store(self) -> Store:
        """The lake below ``root``."""
        return FolderLake(Path(self.root))
