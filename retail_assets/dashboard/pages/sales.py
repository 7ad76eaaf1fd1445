"""Sales: payments by category and region, once they are extracted."""

from __future__ import annotations

from retail_assets.dashboard.help import needs

needs("sales_by_category_region", "customer_value")
