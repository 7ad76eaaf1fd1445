"""The four steps that make every dataset: stage, audit, publish, report. Nothing here knows of Dagster.

Good partitions are published one by one, each atomically; of a bad one nothing is, and what readers saw before stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retail_assets.assets.batches import plan
from retail_assets.assets.contract_facts import contract_facts
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.engine.audit import Facts, Verdict, audit
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.pace import Pace
from retail_assets.engine.parallel import Running, in_order
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Published, Store
from retail_assets.engine.s3_reading import read_again
from retail_assets.engine.session import Capacity, session
from retail_assets.engine.staging import Output, Staged, stage
from retail_assets.settings import Settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INPUT_CHECK = "input"


@dataclass(frozen=True)
class Examined:
    """A batch that is staged and audited: what lies where, what it holds and what the checks say."""

    batch: list[Partition]
    staged: Mapping[str, list[Staged]]
    facts: Mapping[str, dict[Partition, Facts]]
    verdicts: list[Verdict]
    seconds: float
    """Time that each of its partitions took."""


@dataclass(frozen=True)
class Made:
    """What became of one partition: its verdicts and, per output, what was measured. Unpublished when one blocks."""

    partition: Partition
    verdicts: tuple[Verdict, ...]
    facts: Mapping[str, Facts]
    bytes: Mapping[str, int]
    seconds: float

    @property
    def published(self) -> bool:
        """Whether readers see it."""
        return not any(verdict.blocking and not verdict.passed for verdict in self.verdicts)


def expected(platform: Platform, step: Step, partitions: Iterable[Partition]) -> dict[Partition, tuple[str, ...]]:
    """Per partition, what each output would be made from now: to compare with what is published."""
    outputs = step.described(platform.arguments(step, platform.inputs(step)))
    codes = {name: output.query.code_digest(output.contract) for name, output in outputs.items()}
    return {
        partition: tuple(f"{output.query.inputs_digest(partition)}-{codes[name]}" for name, output in outputs.items())
        for partition in partitions
    }


def outdated(platform: Platform, step: Step, partitions: Iterable[Partition]) -> dict[Partition, tuple[str, ...]]:
    """The partitions that are missing or stale, with what each output would be made from now."""
    store = platform.store(step)
    published = [store.published(contract) for contract in step.contracts()]
    wanted = expected(platform, step, partitions)
    return {partition: made for partition, made in wanted.items() if made != _was_made_from(published, partition)}


def stale(platform: Platform, step: Step, partitions: Iterable[Partition]) -> list[Partition]:
    """The partitions that are missing or were made from other inputs or by other code than they would be now."""
    return list(outdated(platform, step, partitions))


def runnable(platform: Platform, step: Step, partitions: Iterable[Partition]) -> list[Partition]:
    """The partitions whose own inputs are all published."""
    inputs = platform.inputs(step)
    return [partition for partition in partitions if not _missing_input(step, inputs, partition)]


def _was_made_from(published: list[dict[Partition, Published]], partition: Partition) -> tuple[str, ...]:
    entries = [entries.get(partition) for entries in published]
    return tuple(f"{entry.inputs}-{entry.code}" if entry else "" for entry in entries)


def materialize(
    platform: Platform, step: Step, inputs: Mapping[str, Dataset], partitions: list[Partition]
) -> Iterator[Made]:
    """Make these partitions of the step's outputs; yields what became of each, batch by batch.

    A partition whose own input was never published is not made: its verdict says so.
    """
    lacking = {partition: _missing_input(step, inputs, partition) for partition in partitions}
    yield from (_without_input(partition, name) for partition, name in lacking.items() if name)
    partitions = [partition for partition in partitions if not lacking[partition]]
    store, outputs = platform.store(step), step.described(platform.arguments(step, inputs))
    planned, running = plan(Capacity.of(platform.settings), step, outputs, partitions), Running()
    with ExitStack() as stack:
        for contract in sorted(step.contracts(), key=lambda contract: contract.name):
            stack.enter_context(store.writing(contract))
        history = _history(store, outputs[step.outputs[0]])
        folder, pace = stack.enter_context(store.staging()), Pace(step.name, len(partitions), "partitions")

        def examine(batch: list[Partition]) -> Examined:
            return _examine(platform.settings, planned.capacity, step, outputs, batch, folder, running)

        for examined in stack.enter_context(closing(in_order(examine, planned.batches, planned.workers, running))):
            made = _settle(platform, step, outputs, examined, history)
            pace.add(len(made), sum(item.facts[step.outputs[0]].rows for item in made))
            yield from made


def _examine(
    settings: Settings,
    capacity: Capacity,
    step: Step,
    outputs: Mapping[str, Output],
    batch: list[Partition],
    folder: Path,
    running: Running,
) -> Examined:
    """Stage and audit a batch. Batches may be at it in several threads, each in a session of its own."""
    started = time.perf_counter()

    def examined() -> Examined:
        with session(settings, capacity) as connection, running.using(connection):
            staged = stage(connection, outputs, batch, folder)
            facts, verdicts = _audit(connection, step, outputs, staged, batch, settings)
        return Examined(batch, staged, facts, verdicts, (time.perf_counter() - started) / len(batch))

    is_far = any(dataset.is_on_s3 for output in outputs.values() for _, dataset in output.query.datasets())
    return read_again(examined) if is_far else examined()


def _settle(
    platform: Platform,
    step: Step,
    outputs: Mapping[str, Output],
    examined: Examined,
    history: dict[Partition, Facts],
) -> list[Made]:
    """Judge a batch by what came before it, and publish what is good of it."""
    history.update(examined.facts[step.outputs[0]])
    drifts = [drift.judge(history, partition) for drift in step.drifts for partition in examined.batch]
    made = _report(outputs, examined, drifts)
    good = {item.partition for item in made if item.published}
    now = step.described(platform.arguments(step, platform.inputs(step))) if good else outputs
    made_from = {name: _made_from(outputs[name], now[name], good) for name in outputs}
    _publish(platform.store(step), outputs, examined, made_from)
    return made


def _audit(
    connection: DuckDBPyConnection,
    step: Step,
    outputs: Mapping[str, Output],
    staged: Mapping[str, list[Staged]],
    batch: list[Partition],
    settings: Settings,
) -> tuple[dict[str, dict[Partition, Facts]], list[Verdict]]:
    facts: dict[str, dict[Partition, Facts]] = {}
    verdicts: list[Verdict] = []
    for name, output in outputs.items():
        facts[name], found = contract_facts(connection, step, output, staged[name])
        verdicts.extend(found)
    held = {name: (output.contract, staged[name]) for name, output in outputs.items()}
    for rule in step.audits:
        verdicts.extend(audit(connection, rule, held, batch, settings))
    return facts, verdicts


def _report(outputs: Mapping[str, Output], examined: Examined, drifts: list[Verdict]) -> list[Made]:
    sizes = {name: {item.partition: item.bytes for item in examined.staged[name]} for name in outputs}
    by_partition: dict[Partition, list[Verdict]] = {partition: [] for partition in examined.batch}
    for verdict in [*examined.verdicts, *drifts]:
        by_partition[verdict.partition].append(verdict)
    return [
        Made(
            partition=partition,
            verdicts=tuple(by_partition[partition]),
            facts={name: examined.facts[name][partition] for name in outputs},
            bytes={name: sizes[name][partition] for name in outputs},
            seconds=examined.seconds,
        )
        for partition in examined.batch
    ]


def _made_from(before: Output, now: Output, good: Iterable[Partition]) -> dict[Partition, str]:
    """What good partitions were made from; nothing where another run has replaced that meanwhile.

    Which of the two was read is not known then: the partition counts as stale, whatever comes.
    """
    digests = {partition: before.query.inputs_digest(partition) for partition in good}
    return {
        partition: made if made == now.query.inputs_digest(partition) else "" for partition, made in digests.items()
    }


def _publish(
    store: Store,
    outputs: Mapping[str, Output],
    examined: Examined,
    made_from: Mapping[str, Mapping[Partition, str]],
) -> None:
    for name, output in outputs.items():
        code, inputs = output.query.code_digest(output.contract), made_from[name]
        publications = [
            Publication(item, examined.facts[name][item.partition], inputs[item.partition], code)
            for item in examined.staged[name]
            if item.partition in inputs
        ]
        if publications:
            store.publish(output, publications)


def _missing_input(step: Step, inputs: Mapping[str, Dataset], partition: Partition) -> str:
    """The name of an upstream of which the partition's own slice was never published, or nothing."""
    names = (upstream.name for upstream in step.upstreams if upstream.missing(inputs[upstream.name], partition))
    return next(names, "")


def _without_input(partition: Partition, name: str) -> Made:
    detail = (
        f"{name} of this partition was never published. Materialize it first, or run `retail backfill`, "
        "which runs the stages in order"
    )
    return Made(partition, (Verdict(INPUT_CHECK, partition, passed=False, detail=detail),), {}, {}, 0.0)


def _history(store: Store, output: Output) -> dict[Partition, Facts]:
    """What is published of the step's first output: what drift checks compare with."""
    published = store.published(output.contract)
    return {partition: Facts(entry.rows, entry.digest, entry.filled) for partition, entry in published.items()}
