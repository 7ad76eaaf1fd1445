"""Every setting of the platform, read from ``RETAIL_*`` environment variables and validated once."""

from retail_assets.settings.platform import Settings, settings
from retail_assets.settings.redshift import RedshiftSettings
from retail_assets.settings.s3 import S3Settings
from retail_assets.settings.sales import SalesSettings

__all__ = ["RedshiftSettings", "S3Settings", "SalesSettings", "Settings", "settings"]
