"""The synthetic shop: a clickstream of any size, and the truth about it.

``generate_shop`` writes what a real shop would send: REES46's nine columns, sessions, seasons, offers, products that
come and go, and a known number of every kind of bad row. Beside it, a truth file says what cleaning must make of it.
"""

from retail_assets.sources.synthetic_shop.generator import generate_shop
from retail_assets.sources.synthetic_shop.plan import ShopPlan
from retail_assets.sources.synthetic_shop.truth import BookEntry, FileEntry, ShopTruth, TypeCount

__all__ = ["BookEntry", "FileEntry", "ShopPlan", "ShopTruth", "TypeCount", "generate_shop"]
