"""Steps as Dagster assets: contracts become descriptions, schemas, owners, tags and checks; results become events."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg

from retail_assets.assets import documentation, partitions, reporting
from retail_assets.assets.declared_source_assets import take_in_source
from retail_assets.assets.landed_files import LANDED_FILES, report_landed
from retail_assets.assets.materialization import Made, materialize
from retail_assets.assets.platform import Platform
from retail_assets.assets.shop_database import SHOP_DATABASE, extract
from retail_assets.assets.step import Step
from retail_assets.contracts import Contract
from retail_assets.engine.audit import CONTRACT_CHECK, Verdict
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.landing.progress import in_lines

CONTRACT_DESCRIPTION = "Types, required values, accepted values, ranges and the unique grain, as the contract says."
MOST_PARTITIONS_A_RUN = 1_000_000
TAKEN_IN_BEFORE = ("backfill", "stale_partitions")
"""Who launches runs over what has been taken in of declared sources: each of their ranges would take it in again."""
KEY_PREFIX = {"lake": [], "warehouse": ["warehouse"]}


def asset_key(step: Step, name: str) -> dg.AssetKey:
    """The asset key of an output: its name, below ``warehouse`` for warehouse tables."""
    return dg.AssetKey([*KEY_PREFIX[step.store], name])


def dataset_asset(step: Step) -> dg.AssetsDefinition:
    """The Dagster asset, or assets, of a step."""
    definition = partitions.definition(step)

    @dg.multi_asset(
        name=step.name,
        description=step.description,
        specs=[_spec(step, item, definition) for item in step.contracts()],
        ins={upstream.name: dg.AssetIn(upstream.name, input_manager_key="lake") for upstream in step.upstreams},
        check_specs=list(_check_specs(step)),
        partitions_def=definition,
        backfill_policy=_backfill_policy(step),
        required_resource_keys={"platform", "lake"},
    )
    def run(context: dg.AssetExecutionContext, **inputs: Dataset) -> Iterator[Any]:
        yield from _run(context, step, inputs)

    return run


def _backfill_policy(step: Step) -> dg.BackfillPolicy | None:
    """One run for a range of partitions, from the UI too.

    A step that looks back must have another policy than the step that it looks back upon. With the same, Dagster's
    daemon puts both into common runs, one a date where there are few dates, and starts these in any order: a date
    would see its window before the window is made. So each has a number of its own, which its name gives: that two
    names meet in one of a million is unlikely, but not impossible.
    """
    if step.partitioning == "none":
        return None
    looks_back = any(upstream.lookback_days for upstream in step.upstreams)
    own = MOST_PARTITIONS_A_RUN + zlib.crc32(step.name.encode()) % MOST_PARTITIONS_A_RUN
    return dg.BackfillPolicy.multi_run(own) if looks_back else dg.BackfillPolicy.single_run()


def _run(context: dg.AssetExecutionContext, step: Step, inputs: Mapping[str, Dataset]) -> Iterator[Any]:
    platform: Platform = context.resources.platform
    is_partitioned = step.partitioning != "none"
    asked = partitions.of_keys(step.partitioning, context.partition_keys) if is_partitioned else [Partition()]
    if not asked:
        raise dg.Failure("This run names no partition: the range's end lies before its start. Launch it again.")
    if step.takes_in_files:
        taken = platform.landing.take_in(in_lines(context.log.info))
        report_landed(context.instance, platform, taken)
    if step.extracts and context.run.tags.get("retail/launched_by") != "backfill":  # which has just done so
        extract(platform)
    if step.source and context.run.tags.get("retail/launched_by") not in TAKEN_IN_BEFORE:
        take_in_source(platform, step.source)
    made = list(materialize(platform, step, inputs, asked))
    yield from _events(context, step, made)


def _events(context: dg.AssetExecutionContext, step: Step, made: list[Made]) -> Iterator[Any]:
    """Materializations of what is published, every check's verdict, and a failure that names the bad partitions."""
    bad = [item for item in made if not item.published]
    lineage = reporting.column_lineage(context.resources.platform, step)
    for item in step.contracts():
        yield from _materializations(context, step, item, made, lineage.get(item.name, {}))
    if step.partitioning != "none" and not context.has_partition_key:
        yield from _evaluations(step, made)
    yield from _check_results(step, made)
    if bad:
        raise _failure(step, made, bad)


def _failure(step: Step, made: list[Made], bad: list[Made]) -> dg.Failure:
    reasons = "\n".join(
        f"{verdict.partition.key}: {verdict.check}: {verdict.detail}"
        for item in bad
        for verdict in item.verdicts
        if verdict.blocking and not verdict.passed
    )
    return dg.Failure(
        f"not published: {len(bad)} of {len(made)} partitions of {step.name}; what was there before stays.\n{reasons}",
        allow_retries=False,
    )


def _materializations(
    context: dg.AssetExecutionContext, step: Step, item: Contract, made: list[Made], lineage: Mapping[str, Any]
) -> Iterator[Any]:
    key = asset_key(step, item.name)
    good = [partition for partition in made if partition.published]
    metadata = reporting.materialization_metadata(context.resources.platform, step, item, good)
    if len(good) < len(made):
        for partition, values in metadata.items():
            yield dg.AssetMaterialization(key, partition=partition.key, metadata={**values, **lineage})
    elif step.partitioning == "none":
        yield dg.MaterializeResult(asset_key=key, metadata={**metadata[Partition()], **lineage})
    else:
        for partition, values in metadata.items():
            context.add_asset_metadata(values, asset_key=key, partition_key=partition.key)
        yield dg.MaterializeResult(asset_key=key, metadata=lineage)


def _check_results(step: Step, made: list[Made]) -> Iterator[dg.AssetCheckResult]:
    """One result a check. A check that judged nothing, since every partition lacked its input, has none."""
    for output, check, blocking, _ in _checks(step):
        if verdicts := _verdicts(made, check):
            yield dg.AssetCheckResult(
                asset_key=asset_key(step, output),
                check_name=check,
                passed=all(verdict.passed for verdict in verdicts),
                severity=_severity(blocking),
                description=reporting.check_description(verdicts),
                metadata=reporting.check_metadata(verdicts),
            )


def _evaluations(step: Step, made: list[Made]) -> Iterator[dg.AssetCheckEvaluation]:
    """The evaluations of single partitions of a range run: the check's own result names none there.

    Only those that did not pass, since an event costs as much as a small partition; but all of them where a run over
    dates fails: of such a run Dagster shows every date without an evaluation as a check that crashed.
    """
    tells_all = step.partitioning == "date" and not all(item.published for item in made)
    for output, check, blocking, _ in _checks(step):
        for verdict in _verdicts(made, check):
            if tells_all or not verdict.passed:
                yield dg.AssetCheckEvaluation(
                    asset_key=asset_key(step, output),
                    check_name=check,
                    passed=verdict.passed,
                    severity=_severity(blocking),
                    description=reporting.check_description([verdict]),
                    metadata={"partition": verdict.partition.key},
                    partition=verdict.partition.key,
                    blocking=blocking,
                )


def _verdicts(made: list[Made], check: str) -> list[Verdict]:
    """One verdict a partition: outputs that are made together pass together."""
    found = []
    for item in made:
        if mine := [verdict for verdict in item.verdicts if verdict.check == check]:
            details = "; ".join(verdict.detail for verdict in mine if verdict.detail)
            found.append(replace(mine[0], passed=all(verdict.passed for verdict in mine), detail=details))
    return found


def _severity(blocking: bool) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN


def _checks(step: Step) -> Iterator[tuple[str, str, bool, str]]:
    """Every check of a step: output, name, whether it blocks, and what it says. They stand at the first output."""
    first = step.outputs[0]
    yield first, CONTRACT_CHECK, True, CONTRACT_DESCRIPTION
    for rule in step.audits:
        yield first, rule.name, rule.blocking, rule.description
    for drift in step.drifts:
        yield first, drift.name, False, drift.description


def _check_specs(step: Step) -> Iterator[dg.AssetCheckSpec]:
    for output, name, blocking, description in _checks(step):
        yield dg.AssetCheckSpec(name, asset=asset_key(step, output), description=description, blocking=blocking)


def _deps(step: Step) -> list[dg.AssetDep]:
    deps = [dg.AssetDep(u.name, partition_mapping=partitions.mapping(step, u)) for u in step.upstreams]
    sources = {LANDED_FILES: step.takes_in_files, SHOP_DATABASE: step.extracts}
    return [*(dg.AssetDep(key) for key, is_read in sources.items() if is_read), *deps]


def _tag(text: str) -> str:
    """A text as Dagster takes it for the value of a tag."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)[:63]


def _spec(step: Step, item: Contract, definition: dg.PartitionsDefinition[str] | None) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(step, item.name),
        deps=_deps(step),
        description=documentation.description(step, item),
        group_name=step.group,
        owners=[f"team:{item.owner}"],
        kinds={"duckdb", "parquet" if step.store == "lake" else "table"},
        tags={"domain": _tag(item.domain), "partitions": step.partitioning},
        code_version=documentation.code_version(step),
        metadata=documentation.definition_metadata(step, item),
        partitions_def=definition,
    )
