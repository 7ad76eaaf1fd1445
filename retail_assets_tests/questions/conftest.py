"""One built shop for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retail_assets.questions.file_reader import FileReader
from retail_assets.settings import Settings
from retail_assets_tests.shop import build_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a built shop. Read only."""
    return build_shop(tmp_path_factory.mktemp("shop") / "data")


@pytest.fixture
def reader(shop: Settings) -> Iterator[FileReader]:
    """A reader of the shop's warehouse."""
    opened = FileReader(shop)
    yield opened
    opened.close()
