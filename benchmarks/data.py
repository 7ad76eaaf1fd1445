"""The events that benchmarks run on, generated once and kept for the run, or for the next ones too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isqrt
from pathlib import Path

from retail_assets.sources.synthetic_shop import ShopPlan, generate_shop

START = date(2019, 10, 1)


@dataclass(frozen=True)
class Data:
    """Generated files below ``folder``; what is there already is taken as it is."""

    folder: Path

    def month(self, events: int, days: int = 31, *, bad_share: float = 0.001) -> list[Path]:
        """One shop's events over so many days from the first of October 2019, a CSV file a month."""
        return self.made(ShopPlan(events, START, START + timedelta(days - 1), per_file="month", bad_share=bad_share))

    def months(self, events: int, count: int) -> list[Path]:
        """So many events in each of so many months, with as many products on sale as in a shop of one month."""
        end = START
        for _ in range(count):
            end = (end + timedelta(31)).replace(day=1)
        plan = ShopPlan(events * count, START, end - timedelta(1), products=products_of(events), per_file="month")
        return self.made(plan)

    def days(self, events_per_day: int, first: date, count: int, products: int) -> list[Path]:
        """So many events on each of so many days, a Parquet file a day: small, and quick to take in."""
        plan = ShopPlan(
            events=events_per_day * count,
            start=first,
            end=first + timedelta(count - 1),
            products=products,
            file_format="csv" if count == 1 else "parquet",
        )
        return self.made(plan)

    def made(self, plan: ShopPlan) -> list[Path]:
        """The files of the plan, in order of time."""
        name = f"{plan.start}-{plan.end}-{plan.events}-{plan.catalogue_size}-{plan.bad_share}-{plan.per_file}"
        folder = self.folder / name
        if not (folder / plan.truth_name).exists():
            generate_shop(plan, folder)
        return [folder / file.name for file in plan.files()]


def products_of(events: int) -> int:
    """Products on sale in a shop of so many events a month, as in REES46's."""
    return isqrt(656 * events)


def megabytes(files: Sequence[Path]) -> float:
    """What the files take on disk."""
    return sum(path.stat().st_size for path in files) / 1e6
