"""Which steps a backfill may make in one run. A run costs Dagster 0.2 s, about as much as a small day costs DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.automation.ranges import consecutive
from retail_assets.engine.partition import Partition

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
    for step in steps:
        read = {upstream.name for upstream in step.upstreams}
        needed = max((number for number, group in enumerate(found) if _makes(group, read)), default=-1)
        first = needed + 1 if step.partitioning == "none" else max(needed, 0)
        fitting = (group for group in found[first:] if group[0].partitioning == step.partitioning)
        group = next(fitting, None)
        if group is None:
            found.append([step])
        else:
            group.append(step)
    return [tuple(group) for group in found]


def are_few(wanted: Iterable[Partition]) -> bool:
    """Whether these are partitions of a few consecutive days."""
    spans = list(consecutive(wanted))
    return len(spans) == 1 and len(spans[0]) <= FEW_DAYS


def are_new(platform: Platform, steps: Iterable[Step], wanted: Iterable[Partition]) -> bool:
    """Whether none of the steps has published anything of the days of these partitions.

    Then each of them must make these days, whatever those before it make.
    """
    days = {partition.date for partition in wanted}
    return not any(
        published.date in days
        for step in steps
        for contract in step.contracts()
        for published in platform.store(step).published(contract)
    )


def _makes(group: Iterable[Step], names: set[str]) -> bool:
    return any(step.store == "lake" and names & set(step.outputs) for step in group)
