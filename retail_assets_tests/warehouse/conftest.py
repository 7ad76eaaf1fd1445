"""The cloud that tests of the warehouse share."""

from retail_assets_tests.servers.cloud import cloud, cloud_settings, reader

__all__ = ["cloud", "cloud_settings", "reader"]
