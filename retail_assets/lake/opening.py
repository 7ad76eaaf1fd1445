"""Opens a lake by its root."""

from pathlib import Path

from retail_assets.engine.publication import Store
from retail_assets.engine.s3_location import S3Location, is_s3
from retail_assets.engine.s3_objects import S3
from retail_assets.lake.folder_lake import FolderLake
from retail_assets.lake.s3_lake import S3Lake
from retail_assets.settings import S3Settings, Settings


def open_lake(root: str, local: Path, s3: S3Settings) -> Store:
    """The lake in a folder or below an S3 URL; ``local`` is where one on S3 stages what it publishes."""
    return S3Lake(S3Location.of(root), S3(s3), local) if is_s3(root) else FolderLake(Path(root))


def root_of(settings: Settings) -> str:
    """Where the platform's lake is: a folder or an S3 URL."""
    return settings.lake_url or str(settings.lake_dir)


def lake_of(settings: Settings) -> Store:
    """The platform's lake."""
    return open_lake(root_of(settings), settings.lake_staging_dir, settings.s3)
