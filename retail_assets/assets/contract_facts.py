"""What staged partitions hold, by a scan under their contract or, of objects that have had one, by what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retail_assets.assets.step import Step
from retail_assets.engine.audit import CONTRACT_CHECK, Facts, Verdict, audit_contract
from retail_assets.engine.dataset import Dataset
from retail_assets.engine.partition import Partition
from retail_assets.engine.staging import Output, Staged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def contract_facts(
    connection: DuckDBPyConnection, step: Step, output: Output, staged: Sequence[Staged]
) -> tuple[dict[Partition, Facts], list[Verdict]]:
    """What each staged partition holds, and whether it keeps the contract.

    Objects that an upstream published under the same contract are not scanned again: that would cost as much as to load
    them. Whoever shows them to readers still makes sure that all their rows arrive.
    """
    known = _known(output, staged) if step.audited_upstream else {}
    facts, verdicts = dict(known), [Verdict(CONTRACT_CHECK, partition, passed=True) for partition in known]
    if left := [item for item in staged if item.partition not in known]:
        measured, found = audit_contract(connection, output.contract, left)
        facts.update(measured)
        verdicts.extend(found)
    return facts, verdicts


def _known(output: Output, staged: Sequence[Staged]) -> dict[Partition, Facts]:
    """Facts of the partitions that are one published object each, linked and not made anew."""
    source = output.query.inputs.get(output.query.same_as or "")
    if not isinstance(source, Dataset) or source.contract != output.contract or output.contract.watched_columns:
        return {}
    objects = {item.partition: source.on_same_date(item.partition) for item in staged}
    return {
        item.partition: Facts(found[0].rows, found[0].digest)
        for item in staged
        if len(found := objects[item.partition]) == 1 and found[0].bytes == item.bytes
    }
