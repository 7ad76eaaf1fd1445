"""What the state of the tables is called, kept on S3.

Sensors ask every few seconds whether anything has changed. A query would keep a serverless Redshift awake, and billed,
for that alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import uuid4

from retail_assets.engine.s3_errors import ObjectChanged, ObjectMissing, S3Error
from retail_assets.engine.s3_location import S3Location
from retail_assets.engine.s3_objects import S3

LOG = logging.getLogger(__name__)
LOADING = "loading "


@dataclass(frozen=True)
class VersionMark:
    """A small object that each load changes before it begins and after it has ended."""

    place: S3Location
    s3: S3

    def read(self) -> str | None:
        """The version after the last load; None where there was none, one is under way, or one has failed."""
        try:
            body = self.s3.read(self.place)
        except ObjectMissing:
            return None
        text = body.content.decode() if body else LOADING
        return None if text.startswith(LOADING) else text

    def begin(self) -> str:
        """Say that a load is under way; returns what ``end`` needs to know it again."""
        return self.s3.put(self.place, f"{LOADING}{uuid4().hex}".encode()).etag

    def end(self, begun: str, version: str) -> bool:
        """Say what the state is called now; returns whether no other load has begun since, so that it is."""
        try:
            self.s3.put(self.place, version.encode(), only_if=begun)
        except ObjectChanged:
            return False
        except S3Error as error:  # what was loaded is loaded
            LOG.warning("the version of the tables is not noted, so that Redshift will be asked for it: %s", error)
        return True
