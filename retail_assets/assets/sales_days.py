"""The days of sales: which there are, and what each depends on. One joined table holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from retail_assets.assets.platform import Platform
from retail_assets.contracts import contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import dates_of

LONGEST_GAP = 31
"""Days without a payment between two with one, which are days of sales as well, empty ones. Beyond, there was none."""


def cut_by_day(joined: Dataset) -> Dataset:
    """The same dataset, of which a day depends on its own rows alone: a change of one day leaves the others as made."""
    return joined.cut_by(_digests(joined))


def known_days(platform: Platform) -> list[str]:
    """Every day of sales, in order: with payments, between such days, or made before."""
    lake = platform.stores["lake"]
    paid = _digests(lake.dataset(contract("joined_sales")))
    made = dates_of(lake.published(contract("sales")))
    return sorted({*paid, *made, *_between(sorted(paid))})


def _between(days: list[str]) -> set[str]:
    found: set[str] = set()
    for day, following in pairwise(map(date.fromisoformat, days)):
        gap = (following - day).days
        if gap <= LONGEST_GAP:
            found.update((day + timedelta(days=n)).isoformat() for n in range(1, gap))
    return found


def _digests(joined: Dataset) -> Mapping[str, str]:
    return _digests_of(joined) if joined.objects else {}


@lru_cache(maxsize=4)
def _digests_of(joined: Dataset) -> Mapping[str, str]:
    """By day with a payment, a digest of its rows that does not depend on their order."""
    import duckdb

    columns = ", ".join(column.quoted for column in joined.contract.columns)
    with duckdb.connect() as connection:
        joined.open_to(connection)
        rows = connection.execute(
            f"SELECT date::VARCHAR, count(*) || '-' || sum(hash({columns})) FROM ({joined.relation()}) GROUP BY date"
        ).fetchall()
    return dict(rows)
