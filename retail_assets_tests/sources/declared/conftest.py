"""A place to declare sources in."""

from __future__ import annotations

from pathlib import Path

import pytest

from retail_assets.settings import Settings
from retail_assets_tests.sources.declared.declaring import Declared


@pytest.fixture
def declared(tmp_path: Path, settings: Settings) -> Declared:
    """A folder of sources, and a platform of its own that reads them."""
    return Declared(tmp_path / "shop", settings)
