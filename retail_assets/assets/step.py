"""Steps: which datasets are made together, from which inputs, and which checks they must pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from retail_assets.checks.drift import Drift
from retail_assets.contracts import Contract, contract
from retail_assets.engine.audit import Audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.query import Query
from retail_assets.engine.staging import Output
from retail_assets.marts.mart import GROUP, Mart

Partitioning = Literal["none", "date", "date_and_key"]
StoreName = Literal["lake", "warehouse"]
Calendar = Literal["clickstream", "sales"]
"""Whose first day is a dataset's first day."""


@dataclass(frozen=True)
class Upstream:
    """An input dataset and how its partitions map: the same date, and ``lookback_days`` before it."""

    name: str
    partitioning: Partitioning
    lookback_days: int = 0

    def missing(self, dataset: Dataset, partition: Partition) -> bool:
        """Whether the partition's own slice of the input was never published: not empty, but absent."""
        if self.partitioning == "none":
            return not dataset.objects
        if self.partitioning == "date_and_key" and partition.date and partition.get("key_type") is None:
            held = {stored.partition for stored in dataset.on_same_date(partition)}
            return not held.issuperset(of_dates("date_and_key", [partition.date.isoformat()]))
        return bool(partition.values) and not dataset.on_same_date(partition)


@dataclass(frozen=True)
class Exhibit:
    """A small table that people read beside a materialization in the UI: the rows of ``sql/exhibits/<name>.sql``.

    It reads the step's outputs and inputs by their names, as far as they belong to the materialized partition, whose
    ``date`` is a variable: of the only object of a dataset, DuckDB 1.5.5 cannot tell ``max(date)``.
    """

    name: str
    output: str


@dataclass(frozen=True)
class Step:
    """Datasets that one function describes and one pass makes.

    ``queries`` returns the Query of the only output, or one per output. Its parameters are the upstreams by name and,
    where it asks for them, ``settings``, ``landing`` and ``snapshot``. ``extracts``: a run of it takes a new snapshot
    of the shop's database first. ``audited_upstream``: its objects are published ones of an upstream with the same
    contract, so that what was measured of them then holds here too. ``source``: the declared source that a run of it
    takes in first. ``mart``: what users brought to make it from.
    """

    name: str
    store: StoreName
    partitioning: Partitioning
    outputs: tuple[str, ...]
    upstreams: tuple[Upstream, ...]
    queries: Callable[..., Query | Mapping[str, Query]]
    sql_files: tuple[str, ...] = ()
    audits: tuple[Audit, ...] = ()
    drifts: tuple[Drift, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    takes_in_files: bool = False
    extracts: bool = False
    audited_upstream: bool = False
    fixed: tuple[tuple[str, str], ...] = ()
    description: str = ""
    source: str = ""
    mart: Mart | None = None
    calendar: Calendar = "clickstream"

    def contracts(self) -> list[Contract]:
        """The contracts of the outputs."""
        return [contract(name) for name in self.outputs]

    def label(self, output: str) -> str:
        """What people call one of its datasets: ``warehouse.features`` is the table, ``features`` that of the lake."""
        return output if self.store == "lake" else f"{self.store}.{output}"

    @property
    def domain(self) -> str:
        """The domain of its datasets, in whatever store they are."""
        return self.contracts()[0].domain

    @property
    def group(self) -> str:
        """The group that the UI shows its datasets in: marts, their domain, or the warehouse."""
        return self.store if self.store == "warehouse" else GROUP if self.mart else self.domain

    def described(self, arguments: Mapping[str, object]) -> dict[str, Output]:
        """Call the function: every output with its contract and query."""
        answer = self.queries(**arguments)
        queries = {self.outputs[0]: answer} if isinstance(answer, Query) else dict(answer)
        return {name: self._output(name, queries[name]) for name in self.outputs}

    def _output(self, name: str, query: Query) -> Output:
        kept = {column.name for column in contract(name).partition_columns}
        fixed = tuple(pair for pair in self.fixed if pair[0] in kept)
        return Output(contract(name), query, fixed)


def of_dates(partitioning: Partitioning, dates: Iterable[str]) -> list[Partition]:
    """All partitions of these dates; the one and only of an unpartitioned dataset."""
    if partitioning == "none":
        return [Partition()]
    if partitioning == "date":
        return [Partition.of(date=day) for day in dates]
    keys = contract("daily_aggregates").column("key_type").accepted
    return [Partition.of(date=day, key_type=key) for day in dates for key in keys]


def step(
    *outputs: str,
    store: StoreName = "lake",
    partitioning: Partitioning,
    upstreams: tuple[Upstream, ...] = (),
    audits: tuple[Audit, ...] = (),
    drifts: tuple[Drift, ...] = (),
    exhibits: tuple[Exhibit, ...] = (),
    shared_sql: tuple[str, ...] = (),
    takes_in_files: bool = False,
    extracts: bool = False,
    audited_upstream: bool = False,
    fixed: tuple[tuple[str, str], ...] = (),
) -> Callable[[Callable[..., Query | Mapping[str, Query]]], Step]:
    """Make a step of a function that says what its outputs are; its docstring is what users read in the UI."""

    def decorate(queries: Callable[..., Query | Mapping[str, Query]]) -> Step:
        name = queries.__name__
        domain = contract((outputs or (name,))[0]).domain
        folders = {output: store if store == "warehouse" else contract(output).domain for output in outputs or (name,)}
        return Step(
            name=name if store == "lake" else f"{store}_{name}",
            store=store,
            partitioning=partitioning,
            outputs=outputs or (name,),
            upstreams=upstreams,
            queries=queries,
            sql_files=(*shared_sql, *(f"{folder}/{output}" for output, folder in folders.items())),
            audits=audits,
            drifts=drifts,
            exhibits=exhibits,
            takes_in_files=takes_in_files,
            extracts=extracts,
            audited_upstream=audited_upstream,
            fixed=fixed,
            description=queries.__doc__ or "",
            calendar="sales" if domain == "sales" else "clickstream",
        )

    return decorate
