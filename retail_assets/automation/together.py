"""Which steps a backfill may make in one run. A run costs Dagster 0.2 s, about as much as a small day costs DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.ranges import consecutive
from retail_assets.engine.partition import Partition, dates_of

FEW_DAYS = 7
"""More than these go stage by stage: there, a run takes long, and what is bad shall stop as little as possible."""


@dataclass(frozen=True)
class Ran:
    """What became of a step in a run of several."""

    made: int = 0
    failed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    left: Sequence[Partition] | None = None
    """What is still to be made of it; None where that must be asked."""


def groups(steps: Iterable[Step]) -> list[tuple[Step, ...]]:
    """The steps by partitioning, upstream first: each reads what its own group makes, or one before.

    Those without partitions read nothing of their own group.
    """
    found: list[list[Step]] = []
    makers: dict[str, int] = {}
    for step in steps:
        latest = max((makers.get(upstream.name, -1) for upstream in step.upstreams), default=-1)
        first = latest + 1 if step.partitioning == "none" else max(latest, 0)
        fitting = (n for n in range(first, len(found)) if found[n][0].partitioning == step.partitioning)
        number = next(fitting, len(found))
        if number == len(found):
            found.append([])
        found[number].append(step)
        if step.store == "lake":
            makers |= dict.fromkeys(step.outputs, number)
    return [tuple(group) for group in found]


def new_days(platform: Platform, steps: Iterable[Step], wanted: Iterable[Partition]) -> list[str]:
    """The days of these partitions, where they are few, consecutive and new to all of the steps; else none.

    None of the steps has published anything of such days, so each must make them, whatever those before it make.
    """
    spans = list(consecutive(wanted))
    if len(spans) != 1 or len(spans[0]) > FEW_DAYS:
        return []
    contracts = ((platform.store(step), contract) for step in steps for contract in step.contracts())
    is_new = all(dates_of(store.published(contract)).isdisjoint(spans[0]) for store, contract in contracts)
    return spans[0] if is_new else []
