"""Write what an asset returns into a store: the short form of stage, audit and publish, for IO managers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retail_assets.contracts import Contract
from retail_assets.contracts.contract import quote_identifier, quote_literal
from retail_assets.engine.audit import Verdict, audit_contract
from retail_assets.engine.dataset import Frame
from retail_assets.engine.partition import Partition
from retail_assets.engine.publication import Publication, Store
from retail_assets.engine.query import Query
from retail_assets.engine.session import session
from retail_assets.engine.staging import Output, stage
from retail_assets.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


def write(
    store: Store, contract: Contract, content: Any, partitions: Sequence[Partition], settings: Settings
) -> tuple[int, list[Verdict]]:
    """Publish a Query, an Arrow table or a DataFrame as these partitions of a dataset.

    A table that is written to several partitions must hold the partition columns. Partitions that break the contract
    are not published. Returns the rows published and the verdicts of the partitions that were not.

    Raises:
        TypeError: the content is none of the three.
    """
    output = Output(contract, as_query(contract, content, partitions))
    with store.writing(contract), store.staging() as folder, session(settings) as connection:
        staged = stage(connection, {contract.name: output}, list(partitions), folder)[contract.name]
        facts, verdicts = audit_contract(connection, contract, staged)
        bad = {verdict.partition for verdict in verdicts if not verdict.passed}
        code = output.query.code_digest(contract)
        good = [
            Publication(item, facts[item.partition], output.query.inputs_digest(item.partition), code)
            for item in staged
            if item.partition not in bad
        ]
        store.publish(output, good)
    return sum(item.facts.rows for item in good), [verdict for verdict in verdicts if not verdict.passed]


def as_query(contract: Contract, content: Any, partitions: Sequence[Partition]) -> Query:
    """The content as a query; a table for one partition need not hold the partition columns."""
    if isinstance(content, Query):
        return content
    table = _arrow(content)
    key = [column.quoted for column in contract.key_columns if column.name in table.column_names]
    order = f" ORDER BY {', '.join(key)}" if key else ""
    constants = ""
    if len(partitions) == 1:
        absent = [(name, value) for name, value in partitions[0].values if name not in table.column_names]
        constants = "".join(f", {quote_literal(value)} AS {quote_identifier(name)}" for name, value in absent)
    return Query("table", f"SELECT *{constants} FROM content{order}", {"content": Frame(table, _digest(table))})


def _arrow(content: Any) -> pa.Table:
    import pyarrow as pa

    if isinstance(content, pa.Table):
        return content
    if type(content).__module__.startswith("pandas"):
        return pa.Table.from_pandas(content, preserve_index=False)
    raise TypeError(f"return a Query, an Arrow table or a DataFrame, not {type(content).__name__}")


def _digest(table: pa.Table) -> str:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()[:24]
