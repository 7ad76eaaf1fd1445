"""What tests share: a platform of their own, and the real data beside the project."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from retail_assets.assets.platform import Platform
from retail_assets.settings import Settings

hypothesis_settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a platform in a folder of its own; two threads, as the machines that it is made for have."""
    return Settings(data_dir=tmp_path / "data", start_date=date(2016, 1, 1), threads=2, memory_limit_mb=512)


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """A platform in a folder of its own."""
    return Platform.local(settings)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RETAIL_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set RETAIL_SHARED_DATA to the folder that holds it")
    return folder
