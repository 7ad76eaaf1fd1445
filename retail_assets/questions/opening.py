"""Opens the warehouse that settings describe, to ask it questions."""

from __future__ import annotations

from retail_assets.questions.file_reader import FileReader
from retail_assets.questions.redshift_reader import RedshiftReader
from retail_assets.questions.warehouse import Warehouse
from retail_assets.settings import Settings


def open_warehouse(settings: Settings) -> Warehouse:
    """The platform's warehouse, read and never written."""
    return RedshiftReader(settings) if settings.warehouse_kind == "redshift" else FileReader(settings)
