"""The S3 server of the tests, by its former name."""

from __future__ import annotations

from retail_assets.local_cloud.s3_server import BUCKET, KEY, SECRET, S3Server, s3_server

__all__ = ["BUCKET", "KEY", "SECRET", "S3Server", "s3_server"]
