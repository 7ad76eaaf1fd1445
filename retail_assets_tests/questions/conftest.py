"""A reader of the built shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retail_assets.questions.file_reader import FileReader
from retail_assets.settings import Settings


@pytest.fixture
def reader(built_shop: Settings) -> Iterator[FileReader]:
    """A reader of the shop's warehouse."""
    opened = FileReader(built_shop)
    yield opened
    opened.close()
