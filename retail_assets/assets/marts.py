"""Steps of the marts that users drop in: each is made as a dataset of the lake, and copied into the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Calendar, Partitioning, Step, Upstream, of_dates
from retail_assets.contracts import Contract, contract
from retail_assets.contracts.loader import bring
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import dates_of
from retail_assets.engine.query import Query
from retail_assets.marts.loading import load, state_of
from retail_assets.marts.mart import BrokenMart, Mart, select_all
from retail_assets.settings import Settings
from retail_assets.sources.declared.source import read_sources


@dataclass(frozen=True)
class Readable:
    """A dataset of the lake that a mart may read."""

    contract: Contract
    partitioning: Partitioning
    calendar: Calendar


@dataclass(frozen=True)
class MartSteps:
    """What becomes of a folder of marts: steps, upstream first, and marts that are broken."""

    steps: tuple[Step, ...]
    broken: tuple[BrokenMart, ...]


def mart_steps(settings: Settings, others: Iterable[Step]) -> MartSteps:
    """The steps of the marts of these settings; ``others`` are the steps that they may read from."""
    state = state_of(settings.marts_dir)
    if not state:
        return MartSteps((), ())
    unmade = tuple(source.name for source in read_sources(settings.sources_file).broken)
    found = _steps(settings.marts_dir, state, tuple(readable(others)), unmade)
    for item in (*(step.mart.contract for step in found.steps if step.mart), *_contracts(found.broken)):
        bring(item)
    return found


def readable(steps: Iterable[Step]) -> Iterator[Readable]:
    """The datasets that these steps keep in the lake."""
    for step in steps:
        for item in step.contracts() if step.store == "lake" else ():
            yield Readable(item, step.partitioning, step.calendar)


def mart_dates(platform: Platform, step: Step) -> list[str]:
    """The dates that a mart is made for: those for which everything has been published that it reads by date."""
    found = [_published_dates(platform, upstream) for upstream in step.upstreams if upstream.partitioning != "none"]
    return sorted(set.intersection(*found)) if found and step.partitioning != "none" else []


def is_ready(platform: Platform, step: Step) -> bool:
    """Whether there is something of everything that the step reads."""
    return all(dataset.objects for dataset in platform.inputs(step).values())


def _published_dates(platform: Platform, upstream: Upstream) -> set[str]:
    partitions = platform.stores["lake"].published(contract(upstream.name))
    days = dates_of(partitions)
    return {day for day in days if all(item in partitions for item in of_dates(upstream.partitioning, [day]))}


@lru_cache(maxsize=4)
def _steps(folder: Path, _: object, others: tuple[Readable, ...], unmade: tuple[str, ...]) -> MartSteps:
    """Read anew whenever a file of the folder changes, so that a sensor sees it at its next look."""
    known = {item.contract.name: item for item in others}
    found = load(folder, {name: item.contract for name, item in known.items()}, unmade)
    for broken in _contracts(found.broken):
        known[broken.name] = Readable(broken, "date" if broken.partition_columns else "none", "clickstream")
    steps: list[Step] = []
    for mart in found.good:
        made = _lake_step(mart, known)
        known[mart.name] = Readable(mart.contract, made.partitioning, made.calendar)
        steps += [made, _table_step(mart, made)] if mart.has_table else [made]
    return MartSteps(tuple(steps), found.broken)


def _contracts(broken: Iterable[BrokenMart]) -> list[Contract]:
    """Contracts of broken marts: others may go on with what is published of these."""
    return [item.contract for item in broken if item.contract]


def _lake_step(mart: Mart, known: dict[str, Readable]) -> Step:
    windows, read = dict(mart.windows), [known[name] for name in mart.reads]
    calendars = {item.calendar for item in read if item.partitioning != "none"}
    return Step(
        name=mart.name,
        store="lake",
        partitioning="date" if mart.is_dated else "none",
        outputs=(mart.name,),
        upstreams=tuple(
            Upstream(item.contract.name, item.partitioning, windows.get(item.contract.name, 0)) for item in read
        ),
        queries=_reading(f"marts/{mart.name}", mart.query),
        audits=mart.checks,
        description=mart.contract.purpose,
        mart=mart,
        calendar="sales" if calendars == {"sales"} else "clickstream",
    )


def _table_step(mart: Mart, made: Step) -> Step:
    return Step(
        name=f"warehouse_{mart.name}",
        store="warehouse",
        partitioning=made.partitioning,
        outputs=(mart.name,),
        upstreams=(Upstream(mart.name, made.partitioning),),
        queries=_reading(f"warehouse/{mart.name}", select_all(mart.contract), same_as=mart.name),
        audited_upstream=True,
        description=f"The warehouse's table of {mart.name}: {mart.contract.purpose}",
        mart=mart,
        calendar=made.calendar,
    )


def _reading(name: str, sql: str, same_as: str | None = None) -> Callable[..., Query]:
    """What a step's function is: the SQL over whatever it is given."""

    def queries(**inputs: Dataset) -> Query:
        return Query(name, sql, inputs, same_as=same_as)

    return queries
