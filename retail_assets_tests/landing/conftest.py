"""A platform on S3."""

from __future__ import annotations

import pytest

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings
from retail_assets_tests.landing.inboxes_on_s3 import with_inbox


@pytest.fixture
def cloud(on_s3: Settings) -> Platform:
    """A platform whose lake and inbox are on S3."""
    return Platform.of(with_inbox(on_s3))
