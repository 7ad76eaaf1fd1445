"""The small feed that tests of the synthetic shop share."""

from __future__ import annotations

from datetime import date

from retail_assets.sources.synthetic_shop import ShopPlan

SMALL = ShopPlan(events=12_000, start=date(2020, 2, 27), end=date(2020, 3, 2), seed=7, bad_share=0.05)
