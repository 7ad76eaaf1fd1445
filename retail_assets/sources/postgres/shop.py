"""The shop: which tables of its database are extracted, each under the contract ``raw_<table>``."""

from __future__ import annotations

from retail_assets.contracts import contract
from retail_assets.settings import Settings
from retail_assets.sources.postgres.extraction import Extraction

TABLES = (
    "actor", "address", "category", "city", "country", "customer", "film", "film_actor", "film_category",
    "inventory", "language", "payment", "rental", "staff", "store",
)  # fmt: skip
RAW = tuple(f"raw_{table}" for table in TABLES)


def shop_extraction(settings: Settings) -> Extraction:
    """The extraction of the shop's database that the settings name."""
    return Extraction(settings, tuple(contract(name) for name in RAW))
