"""A platform that publishes days of mostly bad rows: these tests land little else."""

from __future__ import annotations

import pytest

from retail_assets.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The share of rejected rows is no matter here, but for the test of D68."""
    return settings.model_copy(update={"max_rejected_share": 1.0})
