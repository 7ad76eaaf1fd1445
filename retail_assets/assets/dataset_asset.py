"""Steps as Dagster assets: contracts become descriptions, schemas, owners, tags and checks; results become events."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from retail_assets.assets import partitions, reporting
from retail_assets.assets.materialization import INPUT_CHECK, Made, materialize
from retail_assets.assets.platform import Platform
from retail_assets.assets.step import Step
from retail_assets.contracts import Contract, contract
from retail_assets.engine.audit import CONTRACT_CHECK, Verdict
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition

CONTRACT_DESCRIPTION = "Types, required values, accepted values, ranges and the unique grain, as the contract says."
KEY_PREFIX = {"lake": [], "warehouse": ["warehouse"]}


def asset_key(step: Step, name: str) -> dg.AssetKey:
    """The asset key of an output: its name, below ``warehouse`` for warehouse tables."""
    return dg.AssetKey([*KEY_PREFIX[step.store], name])


def dataset_asset(step: Step) -> dg.AssetsDefinition:
    """The Dagster asset, or assets, of a step."""
    definition = partitions.definition(step.partitioning)

    @dg.multi_asset(
        name=step.name,
        description=step.description,
        specs=[_spec(step, item, definition) for item in step.contracts()],
        ins={upstream.name: dg.AssetIn(upstream.name, input_manager_key="lake") for upstream in step.upstreams},
        check_specs=list(_check_specs(step)),
        partitions_def=definition,
        backfill_policy=dg.BackfillPolicy.single_run() if definition else None,
        required_resource_keys={"platform", "lake"},
    )
    def run(context: dg.AssetExecutionContext, **inputs: Dataset) -> Iterator[Any]:
        yield from _run(context, step, inputs)

    return run


def _run(context: dg.AssetExecutionContext, step: Step, inputs: Mapping[str, Dataset]) -> Iterator[Any]:
    platform: Platform = context.resources.platform
    is_partitioned = step.partitioning != "none"
    asked = partitions.of_keys(step.partitioning, context.partition_keys) if is_partitioned else [Partition()]
    if not asked:
        raise dg.Failure("This run names no partition: the range's end lies before its start. Launch it again.")
    if step.takes_in_files:
        platform.landing.take_in(lambda done, total, name: context.log.info(f"file {done + 1} of {total}: {name}"))
    made = list(materialize(platform, step, inputs, asked))
    yield from _events(context, step, made)


def _events(context: dg.AssetExecutionContext, step: Step, made: list[Made]) -> Iterator[Any]:
    """Materializations of what is published, every check's verdict, and a failure that names the bad partitions."""
    bad = [item for item in made if not item.published]
    lineage = reporting.column_lineage(context.resources.platform, step)
    for name in step.outputs:
        yield from _materializations(context, step, name, made, lineage.get(name, {}), complete=not bad)
    odd = [verdict for item in made for verdict in item.verdicts if not verdict.passed]
    if len(made) > 1:
        yield from (_evaluation(step, verdict) for verdict in odd if verdict.check != INPUT_CHECK)
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
        f"{len(bad)} of {len(made)} partitions of {step.name} were not published; what was there before stays.\n"
        f"{reasons}",
        allow_retries=False,
    )


def _materializations(
    context: dg.AssetExecutionContext,
    step: Step,
    name: str,
    made: list[Made],
    lineage: Mapping[str, Any],
    *,
    complete: bool,
) -> Iterator[Any]:
    key = asset_key(step, name)
    good = [item for item in made if item.published]
    metadata = {item.partition: reporting.partition_metadata(item, name) for item in good}
    shared = {**reporting.run_metadata(context.resources.platform, step, name, good), **lineage}
    if complete and step.partitioning == "none":
        yield dg.MaterializeResult(asset_key=key, metadata={**shared, **metadata[good[0].partition]})
    elif complete:
        for partition, values in metadata.items():
            context.add_asset_metadata(values, asset_key=key, partition_key=partition.key)
        yield dg.MaterializeResult(asset_key=key, metadata=shared)
    else:
        for partition, values in metadata.items():
            yield dg.AssetMaterialization(key, partition=partition.key, metadata={**shared, **values})


def _check_results(step: Step, made: list[Made]) -> Iterator[dg.AssetCheckResult]:
    for output, check, blocking, _ in _checks(step):
        verdicts = [v for item in made for v in item.verdicts if v.check == check]
        failed = [verdict for verdict in verdicts if not verdict.passed]
        yield dg.AssetCheckResult(
            asset_key=asset_key(step, output),
            check_name=check,
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
            metadata=reporting.check_metadata(verdicts),
        )


def _evaluation(step: Step, verdict: Verdict) -> dg.AssetCheckEvaluation:
    """The evaluation of one partition of a range run, where it did not pass: Dagster's own result names none."""
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(step, step.outputs[0]),
        check_name=verdict.check,
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR if verdict.blocking else dg.AssetCheckSeverity.WARN,
        metadata={"partition": verdict.partition.key, "detail": verdict.detail},
        partition=verdict.partition.key,
        blocking=verdict.blocking,
    )


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


def _spec(step: Step, item: Contract, definition: dg.PartitionsDefinition[str] | None) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(step, item.name),
        deps=[dg.AssetDep(u.name, partition_mapping=partitions.mapping(step, u)) for u in step.upstreams],
        description="\n\n".join(text for text in (item.purpose, item.usage, item.limitations) if text),
        group_name=step.store if step.store == "warehouse" else item.domain,
        owners=[f"team:{item.owner}"],
        kinds={"duckdb", "parquet" if step.store == "lake" else "table"},
        tags={"domain": item.domain, "grain": step.partitioning},
        code_version=reporting.code_version(step),
        metadata=reporting.definition_metadata(step, contract(item.name)),
        partitions_def=definition,
    )
