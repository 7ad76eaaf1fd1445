"""The cloud that a test of marts shares with those of the warehouse."""

from retail_assets_tests.servers.cloud import cloud, cloud_settings, reader

__all__ = ["cloud", "cloud_settings", "reader"]
